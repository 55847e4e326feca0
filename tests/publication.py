# SPDX-License-Identifier: GPL-3.0-or-later
"""A publication of a test's own, signed, whole and current: a wrapper of make_publication, whose lines make_publication.c tells."""
import os
import subprocess


def make(serve_dir, key_dir, generation, lines, lasts_s=86400):
    os.makedirs(key_dir, exist_ok=True)
    subprocess.run([os.environ["ONUS_BUILD"] + "/tests/make_publication", serve_dir, key_dir, str(generation), str(lasts_s)],
                   input=lines, text=True, check=True)
