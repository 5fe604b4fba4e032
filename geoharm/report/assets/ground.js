"use strict";
// The ground of a Leaflet map: streets, water, green and their names, from the bytes that ground_data.py packs.
// L.geoharmGround(map, ground, options) draws it on two canvases: one under the surfaces, one with names above them.
(function () {
  // Web Mercator at zoom 0: everything is kept in it; a view is one scale and one shift of it.
  function world(lat, lng) {
    const r = lat * Math.PI / 180;
    return [256 * (lng + 180) / 360, 128 * (1 - Math.log(Math.tan(r) + 1 / Math.cos(r)) / Math.PI)];
  }

  // -- unpacking: base64 of gzip of [bytes of the paths, 4][paths][names as JSON]
  async function unpack(ground) {
    if (!("DecompressionStream" in window) || !ground.packed) { return null; }
    const packed = Uint8Array.from(atob(ground.packed), (sign) => sign.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    const size = new DataView(bytes.buffer).getUint32(0);
    const words = JSON.parse(new TextDecoder().decode(bytes.subarray(4 + size)));
    const units = 1e5, west = ground.origin[0], south = ground.origin[1];
    let at = 4, x = 0, y = 0, due = 0;
    const number = () => {
      let value = 0, factor = 1, byte;
      do { byte = bytes[at++]; value += (byte & 127) * factor; factor *= 128; } while (byte > 127);
      return value;
    };
    const step = () => { const value = number(); return value % 2 ? -(value + 1) / 2 : value / 2; };
    const layers = [];
    while (at < 4 + size) {
      const paths = [];
      const names = words.names[layers.length].split("\n");
      for (let left = number(), index = 0; left > 0; left--, index++) {
        const line = new Float64Array(number() * 2);
        let w = Infinity, n = Infinity, e = -Infinity, s = -Infinity;
        for (let i = 0; i < line.length; i += 2) {
          x += step();
          y += step();
          const [px, py] = world(south + y / units, west + x / units);
          line[i] = px;
          line[i + 1] = py;
          w = Math.min(w, px); e = Math.max(e, px); n = Math.min(n, py); s = Math.max(s, py);
        }
        paths.push({ line, w, n, e, s, name: names[index] || "" });
        due += line.length;
        if (due > 20000) { due = 0; await new Promise((done) => { setTimeout(done, 0); }); }
      }
      layers.push(paths);
    }
    const spot = ([name, px, py]) => ({ name, at: world(south + py / units, west + px / units) });
    return {
      main: layers[0], middle: layers[1], small: layers[2], railway: layers[3], stream: layers[4],
      named: [[...layers[0], ...layers[5]], [...layers[1], ...layers[6]], [...layers[2], ...layers[7]]],
      water: layers[8], green: layers[9], outline: layers[10],
      places: words.places.map(spot), waters: words.waters.map(spot), greens: words.greens.map(spot),
    };
  }

  // -- drawing: a list of short tasks, so that no frame waits for all of them
  const PART = 60;
  function trace(pen, paths, view, close) {
    pen.beginPath();
    for (const path of paths) {
      if (path.e < view.w || path.w > view.e || path.s < view.n || path.n > view.s) { continue; }
      const line = path.line, last = line.length - 2;
      let nearX = 0, nearY = 0;
      for (let i = 0; i <= last; i += 2) {
        const x = line[i] * view.scale - view.x, y = line[i + 1] * view.scale - view.y;
        if (i === 0) { pen.moveTo(x, y); }
        else if (i === last || Math.abs(x - nearX) + Math.abs(y - nearY) > 1.4) { pen.lineTo(x, y); }
        else { continue; }
        nearX = x;
        nearY = y;
      }
      if (close) { pen.closePath(); }
    }
  }
  // Widths in pixels by zoom; 0 where a kind is not drawn.
  function widths(zoom) {
    return {
      main: 1.4 + Math.max(0, zoom - 12) * 0.95,
      middle: zoom < 11.5 ? 0 : 0.8 + Math.max(0, zoom - 12) * 0.55,
      small: zoom < 13.25 ? 0 : 0.6 + (zoom - 13) * 0.55,
    };
  }
  function parts(paths) {
    const found = [];
    for (let i = 0; i < paths.length; i += PART) { found.push(paths.slice(i, i + PART)); }
    return found;
  }
  function strokes(pen, view, paths, colour, width, dash) {
    return parts(paths).map((some) => () => {
      trace(pen, some, view, false);
      pen.strokeStyle = colour;
      pen.lineWidth = width;
      pen.lineCap = dash || width < 2 ? "butt" : "round";
      pen.lineJoin = width < 2 ? "bevel" : "round";
      pen.setLineDash(dash || []);
      pen.stroke();
      pen.setLineDash([]);
    });
  }
  function fill(pen, view, paths, colour, edge) {
    return () => {
      trace(pen, paths, view, true);
      pen.fillStyle = colour;
      pen.fill("evenodd");
      if (edge) { pen.strokeStyle = edge; pen.lineWidth = 1; pen.stroke(); }
    };
  }
  function groundTasks(pen, view, ground, colour) {
    const width = widths(view.zoom), tasks = [];
    tasks.push(fill(pen, view, ground.green, colour("green")));
    tasks.push(fill(pen, view, ground.water, colour("water"), colour("shore")));
    tasks.push(...strokes(pen, view, ground.stream, colour("water"), Math.max(1.2, (view.zoom - 11) * 1.1)));
    tasks.push(...strokes(pen, view, ground.outline, colour("outline"), 1));
    if (width.small) { tasks.push(...strokes(pen, view, ground.small, colour("small"), width.small)); }
    if (width.middle) { tasks.push(...strokes(pen, view, ground.middle, colour("middle"), width.middle)); }
    tasks.push(...strokes(pen, view, ground.railway, colour("railway"), view.zoom < 13 ? 1 : 1.6));
    tasks.push(...strokes(pen, view, ground.main, colour("main"), width.main));
    return tasks;
  }
  // The streets again above the surfaces, as thin half-clear lines: between them every colour is one of the legend.
  function cutTasks(pen, view, ground, colour) {
    const width = widths(view.zoom), tasks = [];
    if (width.small && view.zoom >= 14) {
      tasks.push(...strokes(pen, view, ground.small, colour("cut"), Math.max(0.6, width.small * 0.6)));
    }
    if (width.middle) { tasks.push(...strokes(pen, view, ground.middle, colour("cut"), width.middle * 0.65)); }
    tasks.push(...strokes(pen, view, ground.main, colour("cut"), width.main * 0.65));
    return tasks;
  }

  // -- names: first what must be read; a place that is taken stays taken
  const MOST_SPOTS = 100;
  const FONT = '"Segoe UI","Noto Sans",system-ui,-apple-system,"Helvetica Neue",Arial,sans-serif';
  function nameTasks(pen, view, ground, colour, taken) {
    const tasks = [], used = new Set();
    const isFree = (box) => !taken.some((one) => box[0] < one[2] && box[2] > one[0] && box[1] < one[3] && box[3] > one[1]);
    // Whether the edge of the map cuts a box.
    function isCut([left, top, right, bottom]) {
      const { x, y } = view.beyond, east = view.width - x, south = view.height - y;
      const isSeen = right > x && left < east && bottom > y && top < south;
      return isSeen && (left < x || right > east || top < y || bottom > south);
    }
    function write(text, x, y, turn, font, kind) {
      pen.save();
      pen.translate(x, y);
      pen.rotate(turn);
      pen.font = font;
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      pen.lineJoin = "round";
      pen.strokeStyle = colour("halo");
      pen.lineWidth = 3.4;
      pen.strokeText(text, 0, 0);
      pen.fillStyle = colour(kind);
      pen.fillText(text, 0, 0);
      pen.restore();
    }
    function flat(spots, kind, size, style) {
      const font = style + " " + size + "px " + FONT;
      spots.forEach((spot) => {
        const x = spot.at[0] * view.scale - view.x, y = spot.at[1] * view.scale - view.y;
        if (x < 0 || y < 0 || x > view.width || y > view.height || used.has(kind + spot.name)) { return; }
        pen.font = font;
        const half = pen.measureText(spot.name).width / 2 + 5, high = size * 0.7;
        for (const aside of kind === "place" ? [0, -22, 22, -44, 44] : [0, -16, 16]) {
          const box = [x - half, y + aside - high, x + half, y + aside + high];
          if (isFree(box) && !isCut(box)) {
            taken.push(box);
            used.add(kind + spot.name);
            write(spot.name, x, y + aside, 0, font, kind);
            return;
          }
        }
      });
    }
    // Write a name along its line, where the line is nearly straight and the place is free: in the middle of what is seen
    // of it, or as near to that as can be.
    function along(path, font, kind) {
      if (!path.name || used.has(kind + path.name)) { return; }
      if (path.e < view.w || path.w > view.e || path.s < view.n || path.n > view.s) { return; }
      // A line whose box is smaller than its name needs no measuring.
      if (Math.hypot(path.e - path.w, path.s - path.n) * view.scale < path.name.length * 4) { return; }
      pen.font = font;
      const need = pen.measureText(path.name).width + 8, count = path.line.length / 2;
      const x = new Float64Array(count), y = new Float64Array(count), far = new Float64Array(count), spots = [];
      for (let i = 0; i < count; i++) {
        x[i] = path.line[2 * i] * view.scale - view.x;
        y[i] = path.line[2 * i + 1] * view.scale - view.y;
        if (i) { far[i] = far[i - 1] + Math.hypot(x[i] - x[i - 1], y[i] - y[i - 1]); }
        if (i && spots.length < MOST_SPOTS) { seen(x[i - 1], y[i - 1], x[i], y[i], far[i - 1], far[i], spots); }
      }
      const total = far[count - 1], middle = spots[Math.floor(spots.length / 2)];
      spots.sort((one, two) => Math.abs(one - middle) - Math.abs(two - middle));
      for (const spot of spots) {
        if (spot < need / 2 || spot > total - need / 2) { continue; }
        const [ax, ay] = pointAt(spot - need / 2), [bx, by] = pointAt(spot + need / 2), [cx, cy] = pointAt(spot);
        const px = (ax + bx + 2 * cx) / 4, py = (ay + by + 2 * cy) / 4;
        if (Math.hypot(bx - ax, by - ay) < 0.96 * need) { continue; }
        let angle = Math.atan2(by - ay, bx - ax);
        if (angle > Math.PI / 2 - 0.01) { angle -= Math.PI; }
        if (angle < -Math.PI / 2 - 0.01) { angle += Math.PI; }
        const boxes = [], parts = Math.max(2, Math.ceil(need / 16));
        for (let k = 0; k <= parts; k++) {
          const off = (k / parts - 0.5) * (need - 14), qx = px + off * Math.cos(angle), qy = py + off * Math.sin(angle);
          boxes.push([qx - 8, qy - 8, qx + 8, qy + 8]);
        }
        if (boxes.every(isFree)) {
          taken.push(...boxes);
          used.add(kind + path.name);
          write(path.name, px, py, angle, font, kind);
          return;
        }
      }
      function pointAt(distance) {
        let low = 0, high = count - 1;
        while (high - low > 1) {
          const half = (low + high) >> 1;
          if (far[half] <= distance) { low = half; } else { high = half; }
        }
        const part = (distance - far[low]) / (far[high] - far[low] || 1);
        return [x[low] + (x[high] - x[low]) * part, y[low] + (y[high] - y[low]) * part];
      }
    }
    // Add places on a segment that are seen, one every few pixels, as distances from the start of the line.
    function seen(x0, y0, x1, y1, far0, far1, spots) {
      let from = 0, to = 1;
      [[x0, x1 - x0, view.beyond.x, view.width], [y0, y1 - y0, view.beyond.y, view.height]].forEach(([at, step, edge, size]) => {
        const low = edge + 12 - at, high = size - edge - 12 - at;
        if (Math.abs(step) < 1e-9) { if (low > 0 || high < 0) { to = -1; } return; }
        from = Math.max(from, Math.min(low / step, high / step));
        to = Math.min(to, Math.max(low / step, high / step));
      });
      const first = far0 + (far1 - far0) * from, last = far0 + (far1 - far0) * to;
      for (let at = Math.ceil(first / 24) * 24; to > from && at <= last; at += 24) { spots.push(at); }
    }
    tasks.push(() => flat(ground.places, "place", view.zoom < 13 ? 12.5 : 14.5, "600"));
    if (view.zoom >= 11.75) {
      parts(ground.stream.filter((path) => path.name)).forEach((some) => {
        tasks.push(() => some.forEach((path) => along(path, "italic 500 12.5px " + FONT, "water-name")));
      });
      tasks.push(() => flat(ground.waters, "water-name", 12.5, "italic 500"));
    }
    if (view.zoom >= 13) { tasks.push(() => flat(ground.greens, "green-name", 11.5, "italic 500")); }
    [[12.75, "600 12px "], [13.75, "400 11.5px "], [15.5, "400 11px "]].forEach(([zoom, font], kind) => {
      if (view.zoom < zoom) { return; }
      parts(ground.named[kind].filter((path) => path.name)).forEach((some) => {
        tasks.push(() => some.forEach((path) => along(path, font + FONT, "street-name")));
      });
    });
    return tasks;
  }

  // -- a canvas that moves and grows with the map, and is drawn again when the map rests
  const Sheet = L.Layer.extend({
    initialize: function (paint, pane) {
      this.paint = paint;
      this.paneName = pane;
    },
    onAdd: function (map) {
      // One is shown while the other is drawn.
      [this.canvas, this.spare] = [1, 2].map(() => {
        const canvas = L.DomUtil.create("canvas", "leaflet-zoom-" + (map.options.zoomAnimation ? "animated" : "hide"));
        canvas.setAttribute("aria-hidden", "true");
        return canvas;
      });
      map.getPane(this.paneName).appendChild(this.canvas);
      this.redraw();
    },
    onRemove: function () {
      this.drawing = null;
      clearTimeout(this.due);
      this.canvas.remove();
      this.shown = null;
    },
    getEvents: function () {
      return {
        moveend: this.redraw, resize: this.redraw, viewreset: this.place, zoom: this.place,
        zoomanim: (event) => this.place(event),
      };
    },
    place: function (event) {
      if (!this.shown) { return; }
      const map = this._map, animated = event && event.center && event.zoom !== undefined;
      const zoom = animated ? event.zoom : map.getZoom();
      const scale = map.getZoomScale(zoom, this.shown.zoom);
      const corner = animated ? map._latLngToNewLayerPoint(this.shown.corner, zoom, event.center)
        : map.latLngToLayerPoint(this.shown.corner);
      L.DomUtil.setTransform(this.canvas, corner, scale);
    },
    // Begin to draw, in a task of its own; what was begun before is given up. At once, if a page is printed.
    redraw: function (event) {
      clearTimeout(this.due);
      if (event === "at once") { this.begin(true); } else { this.due = setTimeout(() => this.begin(false), 0); }
    },
    begin: function (atOnce) {
      const map = this._map, size = map ? map.getSize() : { x: 0, y: 0 };
      if (!size.x || !size.y) { return; }
      const beyond = size.multiplyBy(0.2).round(), whole = size.add(beyond.multiplyBy(2));
      const first = map.containerPointToLayerPoint(beyond.multiplyBy(-1)).round();
      const origin = map.getPixelOrigin(), zoom = map.getZoom(), scale = 2 ** zoom;
      const x = origin.x + first.x, y = origin.y + first.y;
      const ratio = Math.min(2, window.devicePixelRatio || 1);
      const view = {
        scale, zoom, x, y, width: whole.x, height: whole.y, w: x / scale, e: (x + whole.x) / scale, n: y / scale,
        s: (y + whole.y) / scale, beyond,
      };
      const pen = this.spare.getContext("2d");
      this.spare.width = whole.x * ratio;
      this.spare.height = whole.y * ratio;
      this.spare.style.width = whole.x + "px";
      this.spare.style.height = whole.y + "px";
      pen.scale(ratio, ratio);
      const drawing = { tasks: this.paint(pen, view), corner: map.layerPointToLatLng(first), zoom };
      this.drawing = drawing;
      const go = () => {
        if (this.drawing !== drawing || !this._map) { return; }
        const end = performance.now() + 8;
        while (drawing.tasks.length && (atOnce || performance.now() < end)) { drawing.tasks.shift()(); }
        if (drawing.tasks.length) { setTimeout(go, 0); return; }
        this.drawing = null;
        this.shown = drawing;
        if (atOnce) {
          // Copied as one picture: else a browser prints every stroke, and many PDF programs lose what lies below.
          this.canvas.width = this.spare.width;
          this.canvas.height = this.spare.height;
          this.canvas.style.width = this.spare.style.width;
          this.canvas.style.height = this.spare.style.height;
          this.canvas.getContext("2d").drawImage(this.spare, 0, 0);
        } else {
          [this.canvas, this.spare] = [this.spare, this.canvas];
          this.spare.replaceWith(this.canvas);
        }
        this.canvas.dataset.zoom = String(drawing.zoom);
        this.place();
      };
      if (atOnce) { go(); } else { setTimeout(go, 0); }
    },
  });

  // A map's ground as one layer. options: below and above, names of panes; selector, of labels that names give way to;
  // avoid, a function that returns lines (of longitude, latitude) across which no name stands; surfaces, one that returns the
  // pictures that lie between the panes, each with its bounds and the pixels of the map between which it is seen.
  L.geoharmGround = function (map, packed, options) {
    let ground = null;
    const style = () => {
      const values = getComputedStyle(document.documentElement);
      return (name) => values.getPropertyValue("--ground-" + name).trim();
    };
    // What is above the map already, in pixels of the canvas.
    function taken(view) {
      const frame = map.getContainer().getBoundingClientRect();
      const outlines = [];
      // Small boxes along every outline, so that no name stands across one.
      options.avoid().forEach((line) => {
        let last = null;
        line.forEach(([lng, lat]) => {
          const at = map.latLngToContainerPoint([lat, lng]).add(view.beyond);
          const far = last ? last.distanceTo(at) : 0, count = Math.min(400, Math.ceil(far / 9));
          for (let k = 1; k <= count; k++) {
            const x = last.x + (at.x - last.x) * k / count, y = last.y + (at.y - last.y) * k / count;
            if (x > 0 && y > 0 && x < view.width && y < view.height) { outlines.push([x - 3, y - 3, x + 3, y + 3]); }
          }
          last = at;
        });
      });
      return [...outlines, ...[...map.getContainer().querySelectorAll(options.selector)].map((element) => {
        const box = element.getBoundingClientRect();
        const left = box.left - frame.left + view.beyond.x, top = box.top - frame.top + view.beyond.y;
        return [left - 4, top - 3, left + box.width + 4, top + box.height + 3];
      }).filter((box) => box[2] - box[0] > 8)];
    }
    const below = new Sheet((pen, view) => (ground ? groundTasks(pen, view, ground, style()) : []), options.below);
    const above = new Sheet((pen, view) => {
      if (!ground) { return []; }
      const colour = style();
      return [...cutTasks(pen, view, ground, colour), ...nameTasks(pen, view, ground, colour, taken(view))];
    }, options.above);
    const group = L.layerGroup([below, above]);
    let due = 0;
    const names = () => { due = due || requestAnimationFrame(() => { due = 0; above.redraw(); }); };
    map.on("layeradd layerremove", (event) => { if (event.layer !== below && event.layer !== above) { names(); } });
    group.ready = unpack(packed).then((found) => { ground = found; below.redraw(); above.redraw(); });
    group.redraw = (how) => {
      below.redraw(how);
      above.redraw(how);
      if (how === "at once" && ground && above.shown) { flatten(); }
    };
    // On paper, ground, surfaces and names are one picture: PDF programs lose pictures that lie between two canvases.
    function flatten() {
      const pen = above.canvas.getContext("2d"), first = map.latLngToLayerPoint(above.shown.corner);
      const ratio = above.canvas.width / parseFloat(above.canvas.style.width);
      pen.globalCompositeOperation = "destination-over";
      options.surfaces().forEach(({ image, bounds, from, to }) => {
        const west = map.latLngToLayerPoint(bounds.getNorthWest()).subtract(first).multiplyBy(ratio);
        const east = map.latLngToLayerPoint(bounds.getSouthEast()).subtract(first).multiplyBy(ratio);
        const left = map.containerPointToLayerPoint([from, 0]).x - first.x;
        pen.save();
        pen.beginPath();
        pen.rect(left * ratio, 0, (to - from) * ratio, above.canvas.height);
        pen.clip();
        pen.imageSmoothingEnabled = false;
        pen.drawImage(image, west.x, west.y, east.x - west.x, east.y - west.y);
        pen.restore();
      });
      pen.drawImage(below.canvas, 0, 0);
      pen.globalCompositeOperation = "source-over";
    }
    return group;
  };
}());
