/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What DMARC reports are packed in: gzip (zlib), or a zip archive with one XML file (libzip). What comes out is
 * bounded by what is asked for, not by what the archive says of itself. */
#include <errno.h>
#include <zip.h>
#include <zlib.h>

#include "intake/report_priv.h"

#define ENTRIES_MAX 16 /* of an archive: some hold a file of their system's beside the report */
#define PIECE	    65536u
#define TOO_MUCH    "unpacks to more than %u MiB"

static int gunzip(struct span bytes, struct buf *out, struct err *why)
{
	z_stream z = { .next_in = (z_const Bytef *)(uintptr_t)bytes.p,
		.avail_in = (uInt)span_len(bytes) };
	int r = inflateInit2(&z, 16 + MAX_WBITS) == Z_OK ? Z_OK : Z_MEM_ERROR;

	while (r == Z_OK) {
		char *room = buf_room(out, PIECE);

		if (!room)
			break;
		z.next_out = (Bytef *)room;
		z.avail_out = PIECE;
		r = inflate(&z, Z_NO_FLUSH);
		buf_grew(out, PIECE - z.avail_out);
		if (r == Z_OK && z.avail_in == 0 && z.avail_out == PIECE)
			r = Z_BUF_ERROR; /* cut */
	}
	(void)inflateEnd(&z); /* frees; says what inflate said before */
	if (!buf_ok(out))
		return err_set(why, -EINVAL, TOO_MUCH, REPORT_UNPACKED_MAX >> 20);
	return r == Z_STREAM_END ? 1 : err_set(why, -EINVAL, "gzip that is damaged or cut");
}

static bool is_report(const char *name)
{
	size_t n = strlen(name);

	return n > 4 && strcasecmp(name + n - 4, ".xml") == 0 && strncmp(name, "__MACOSX/", 9) != 0;
}

/* The one file of the archive that is a report. */
static int choose(zip_t *zip, zip_uint64_t *ret, struct err *why)
{
	zip_int64_t n = zip_get_num_entries(zip, 0);
	bool found = false;

	if (n < 1 || n > ENTRIES_MAX)
		return err_set(
		    why, -EINVAL, "a zip archive of %jd files; one is a report", (intmax_t)n);
	for (zip_uint64_t i = 0; i < (zip_uint64_t)n; i++) {
		const char *name = zip_get_name(zip, i, ZIP_FL_ENC_RAW);

		if (!name || !is_report(name))
			continue;
		if (found)
			return err_set(why, -EINVAL, "a zip archive with two reports");
		found = true;
		*ret = i;
	}
	return found ? 0 : err_set(why, -EINVAL, "a zip archive without an XML file");
}

static int read_entry(zip_t *zip, struct buf *out, struct err *why)
{
	zip_uint64_t which = 0;
	struct zip_stat st;
	zip_file_t *f;
	zip_int64_t n = 1;
	int r = choose(zip, &which, why);

	if (r < 0)
		return r;
	if (zip_stat_index(zip, which, 0, &st) < 0 || !(st.valid & ZIP_STAT_COMP_METHOD) ||
	    (st.comp_method != ZIP_CM_STORE && st.comp_method != ZIP_CM_DEFLATE))
		return err_set(why, -EINVAL, "a zip archive that is not packed as reports are");
	f = zip_fopen_index(zip, which, 0);
	while (f && n > 0) {
		char *room = buf_room(out, PIECE);

		n = room ? zip_fread(f, room, PIECE) : 0;
		if (n > 0)
			buf_grew(out, (size_t)n);
	}
	if (f)
		(void)zip_fclose(f); /* only read */
	if (!buf_ok(out))
		return err_set(why, -EINVAL, TOO_MUCH, REPORT_UNPACKED_MAX >> 20);
	return f && n == 0
		   ? 1
		   : err_set(why, -EINVAL, "a zip archive that is damaged, cut or encrypted");
}

static int unzip(struct span bytes, struct buf *out, struct err *why)
{
	zip_source_t *from = zip_source_buffer_create(bytes.p, span_len(bytes), 0, NULL);
	zip_t *zip = from ? zip_open_from_source(from, ZIP_RDONLY, NULL) : NULL;
	int r;

	if (!zip) {
		zip_source_free(from);
		return err_set(why, -EINVAL, "a zip archive that is damaged or cut");
	}
	r = read_entry(zip, out, why);
	zip_discard(zip);
	return r;
}

int report_unpack(struct span bytes, struct buf *out, struct err *why)
{
	if (span_starts(bytes, "\x1f\x8b"))
		return gunzip(bytes, out, why);
	return span_starts(bytes, "PK\x03\x04") ? unzip(bytes, out, why) : 0;
}

int report_packed(struct report *r, struct span bytes, struct err *why)
{
	CLEANUP(buf_done) struct buf xml;
	int code;

	buf_init(&xml, REPORT_UNPACKED_MAX);
	code = report_unpack(bytes, &xml, why);
	if (code < 0)
		return code;
	if (code)
		bytes = xml.len ? buf_text(&xml) : SPAN("");
	return span_starts(span_trim(bytes), "{") ? report_json(r, bytes, why)
						  : report_dmarc(r, bytes, why);
}
