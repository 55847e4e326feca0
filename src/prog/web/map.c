/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The picture of the IPv4 address space: a Hilbert curve keeps neighbours together, so a network is a
 * patch. Grey is announced space, colour is where attackers were seen. 512 × 512, a pixel a /18,
 * in a palette with transparency, so that one file serves light and dark pages. */
#include "prog/web/site.h"

#include <math.h>
#include <zlib.h>

#define SIDE	    512u
#define PIXEL_BITS  18u /* leading bits of an address that name a pixel: 2 * log2(SIDE) */
#define HEATS	    63u /* levels of heat, 1 … 63 */
#define INDEX_NONE  0u	/* nobody announces it */
#define INDEX_SPACE 1u	/* announced */
#define INDEX_HEAT  2u	/* the first level of heat */
#define GLOW	    3	/* pixels that an attacker shines around */

/* x, y of the d-th point of the curve. Source: Hilbert's curve by quadrants, the usual bit method. */
static void hilbert(uint32_t d, unsigned *ret_x, unsigned *ret_y)
{
	unsigned x = 0, y = 0, rx, ry, t;

	for (unsigned s = 1; s < SIDE; s *= 2) {
		rx = 1 & (d / 2);
		ry = 1 & (d ^ rx);
		if (ry == 0) {
			if (rx == 1) {
				x = s - 1 - x;
				y = s - 1 - y;
			}
			t = x;
			x = y;
			y = t;
		}
		x += s * rx;
		y += s * ry;
		d /= 4;
	}
	*ret_x = x;
	*ret_y = y;
}

static void draw_space(const struct registry *r, uint8_t *pixels)
{
	struct attribution at;
	unsigned x, y;

	for (uint32_t d = 0; r && d < SIDE * SIDE; d++) {
		registry_lookup(r, addr_of_v4((d << (32 - PIXEL_BITS)) | 1), &at);
		if (at.as == REGISTRY_NONE)
			continue;
		hilbert(d, &x, &y);
		pixels[y * SIDE + x] = INDEX_SPACE;
	}
}

static void shine(float *heat, unsigned x, unsigned y, float strength)
{
	for (int dy = -GLOW; dy <= GLOW; dy++) {
		for (int dx = -GLOW; dx <= GLOW; dx++) {
			int px = (int)x + dx, py = (int)y + dy;

			if (px < 0 || py < 0 || px >= (int)SIDE || py >= (int)SIDE)
				continue;
			heat[(unsigned)py * SIDE + (unsigned)px] +=
			    strength * expf(-(float)(dx * dx + dy * dy) / 2.2F);
		}
	}
}

static bool read_heat(struct view *v, float *heat)
{
	sqlite3_stmt *s = view_query(v, QUERY_BLOCKS);
	bool any = false;
	unsigned x, y;

	v->budget = INT32_MAX; /* once a publication, every block */
	while (view_step(s)) {
		const uint8_t *bytes = sqlite3_column_blob(s, 0);
		int64_t hosts = sqlite3_column_int64(s, 1);
		struct addr a;

		if (!bytes || sqlite3_column_bytes(s, 0) != 16 || hosts <= 0)
			continue;
		a = addr_of_bytes(bytes);
		if (!addr_is_v4(a))
			continue;
		hilbert(addr_v4(a) >> (32 - PIXEL_BITS), &x, &y);
		shine(heat, x, y, (float)hosts);
		any = true;
	}
	(void)sqlite3_reset(s);
	return any;
}

/* ---- PNG: an indexed picture, written by hand because it is forty lines. Source: RFC 2083. ---- */

static void put_be32(struct buf *b, uint32_t v)
{
	const char bytes[4] = { (char)(v >> 24), (char)(v >> 16), (char)(v >> 8), (char)v };

	buf_put(b, bytes, 4);
}

static void put_chunk(struct buf *out, const char type[4], const void *data, size_t n)
{
	uLong crc = crc32(0, (const unsigned char *)type, 4);

	put_be32(out, (uint32_t)n);
	buf_put(out, type, 4);
	if (n) {
		buf_put(out, data, n);
		crc = crc32(crc, data, (uInt)n);
	}
	put_be32(out, (uint32_t)crc);
}

static uint8_t mix(double t, double from, double to)
{
	return (uint8_t)lround(from + (to - from) * t);
}

/* Embers: red to orange to a pale core; the faint end is transparent. */
static void palette(uint8_t rgb[256][3], uint8_t alpha[256])
{
	static const double stops[4][3] = { { 214, 69, 38 }, { 255, 106, 43 }, { 255, 176, 66 },
		{ 255, 246, 214 } };

	memset(rgb, 0, 256 * 3);
	memset(alpha, 0, 256);
	memcpy(rgb[INDEX_SPACE], (const uint8_t[3]){ 120, 132, 176 }, 3);
	alpha[INDEX_SPACE] = 62;
	for (unsigned i = 0; i < HEATS; i++) {
		double t = 3.0 * i / (HEATS - 1);
		unsigned k = MIN_OF((unsigned)t, 2u);

		for (unsigned c = 0; c < 3; c++)
			rgb[INDEX_HEAT + i][c] = mix(t - k, stops[k][c], stops[k + 1][c]);
		alpha[INDEX_HEAT + i] = mix(MIN_OF(i / 14.0, 1.0), 56, 255);
	}
}

static void write_png(const uint8_t *pixels, struct buf *out)
{
	uint8_t rgb[256][3], alpha[256];
	uint8_t head[13] = { 0, 0, SIDE >> 8, SIDE & 255, 0, 0, SIDE >> 8, SIDE & 255, 8, 3, 0, 0,
		0 };
	uLongf packed_len = compressBound(SIDE * (SIDE + 1));
	CLEANUP(free_p) uint8_t *rows = malloc(SIDE * (SIDE + 1));
	CLEANUP(free_p) uint8_t *packed = malloc(packed_len);

	if (!rows || !packed)
		abort();
	for (unsigned y = 0; y < SIDE; y++) {
		rows[y * (SIDE + 1)] = 0; /* no filter */
		memcpy(rows + y * (SIDE + 1) + 1, pixels + y * SIDE, SIDE);
	}
	if (compress2(packed, &packed_len, rows, SIDE * (SIDE + 1), 9) != Z_OK)
		return;
	palette(rgb, alpha);
	buf_put(out, "\x89PNG\r\n\x1a\n", 8);
	put_chunk(out, "IHDR", head, sizeof(head));
	put_chunk(out, "PLTE", rgb, (INDEX_HEAT + HEATS) * 3);
	put_chunk(out, "tRNS", alpha, INDEX_HEAT + HEATS);
	put_chunk(out, "IDAT", packed, packed_len);
	put_chunk(out, "IEND", NULL, 0);
}

void map_draw(struct view *v, struct buf *out)
{
	CLEANUP(free_p) float *heat = calloc(SIDE * SIDE, sizeof(*heat));
	CLEANUP(free_p) uint8_t *pixels = calloc(SIDE * SIDE, 1);
	double level;

	if (!heat || !pixels)
		abort();
	if (!read_heat(v, heat))
		return;
	draw_space(v->registry, pixels);
	for (unsigned i = 0; i < SIDE * SIDE; i++) {
		level =
		    13.0 *
		    log2(1.0 + 2.2 * (double)heat[i]); /* one attacker glows, a hundred are white */
		if (level >= 2.0)
			pixels[i] = (uint8_t)(INDEX_HEAT + MIN_OF((unsigned)level, HEATS - 1));
	}
	write_png(pixels, out);
}
