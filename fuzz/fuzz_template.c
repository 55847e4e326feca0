/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any template over a small model: a partial "p" before the first NUL, the template after it. */
#include "fuzz.h"

#include <errno.h>
#include <stdlib.h>

#include "svc/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span main_text = span_of((const char *)data, size), partial = { NULL, NULL };
	struct template_set *s = template_set_new();
	struct model *m = model_new(65536);
	struct value *list, *o;
	struct buf out;

	if (!s || !m)
		abort();
	if (memchr(main_text.p ? main_text.p : "", '\0', size))
		(void)span_cut(&main_text, '\0', &partial);
	list = model_list(m, model_root(m), "l");
	for (int i = 0; i < 3; i++) {
		o = model_object(m, list, NULL);
		model_str(m, o, "a", "<&>");
		model_bool(m, o, "b", i == 1);
	}
	model_str(m, model_root(m), "t", "text");
	buf_init(&out, 65536);
	/* what is refused or too large is as good an answer as a page */
	if (template_add(s, SPAN("p"), partial, NULL) >= 0 &&
	    template_add(s, SPAN("t"), main_text, NULL) >= 0)
		if (template_render(s, "t", model_root(m), &out, NULL) == -ENOENT)
			abort();
	buf_done(&out);
	(void)model_free(m);
	(void)template_set_free(s);
	return 0;
}
