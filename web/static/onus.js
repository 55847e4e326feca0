// SPDX-License-Identifier: GPL-3.0-or-later
// Two conveniences; every page works without them.
(function () {
	'use strict';

	// "/" goes to the search field.
	document.addEventListener('keydown', function (e) {
		var field = document.getElementById('q');

		if (e.key !== '/' || e.ctrlKey || e.metaKey || e.altKey || !field ||
		    /^(INPUT|TEXTAREA)$/.test(document.activeElement.tagName))
			return;
		e.preventDefault();
		field.focus();
		field.select();
	});

	// The map names the network under the pointer: the way back along the Hilbert curve.
	function network(x, y, side) {
		var d = 0, s, rx, ry, t;

		for (s = side / 2; s >= 1; s /= 2) {
			rx = (x & s) > 0 ? 1 : 0;
			ry = (y & s) > 0 ? 1 : 0;
			d += s * s * ((3 * rx) ^ ry);
			if (ry === 0) {
				if (rx === 1) {
					x = s - 1 - (x & (s - 1));
					y = s - 1 - (y & (s - 1));
				}
				t = x;
				x = y;
				y = t;
			}
		}
		return (d >> 8) + '.' + (d & 255) + '.0.0/16';
	}

	document.querySelectorAll('[data-map]').forEach(function (box) {
		var tip = box.querySelector('.map-tip'), here = null;

		box.addEventListener('pointermove', function (e) {
			var r = box.getBoundingClientRect();
			var x = Math.floor((e.clientX - r.left) / r.width * 256);
			var y = Math.floor((e.clientY - r.top) / r.height * 256);

			if (x < 0 || y < 0 || x > 255 || y > 255)
				return;
			here = network(x, y, 256);
			tip.textContent = here;
			tip.hidden = false;
		});
		box.addEventListener('pointerleave', function () {
			tip.hidden = true;
			here = null;
		});
		box.addEventListener('click', function () {
			if (here)
				location.href = '/search?q=' + encodeURIComponent(here);
		});
	});
})();
