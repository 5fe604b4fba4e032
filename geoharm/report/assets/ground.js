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
  const FONT = '"Segoe UI","Noto Sans",system-ui,-apple-system,"Helvetica Neue",Arial,sans-serif';
  function nameTasks(pen, view, ground, colour, taken) {
    const tasks = [], used = new Set();
    const isFree = (box) => !taken.some((one) => box[0] < one[2] && box[2] > one[0] && box[1] < one[3] && box[3] > one[1]);
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
          if (isFree(box)) {
            taken.push(box);
            used.add(kind + spot.name);
            write(spot.name, x, y + aside, 0, font, kind);
            return;
          }
        }
      });
    }
    function along(path, font, kind) {
      if (!path.name || used.has(kind + path.name)) { return; }
      if (path.e < view.w || path.w > view.e || path.s < view.n || path.n > view.s) { return; }
      // A line whose box is smaller than its name needs no measuring.
      if (Math.hypot(path.e - path.w, path.s - path.n) * view.scale < path.name.length * 4) { return; }
      pen.font = font;
      const need = pen.measureText(path.name).width + 8, line = path.line;
      for (let i = 0; i < line.length - 2; i += 2) {
        let first = null;
        for (let j = i + 2; j < line.length && j < i + 60; j += 2) {
          const dx = (line[j] - line[j - 2]) * view.scale, dy = (line[j + 1] - line[j - 1]) * view.scale;
          const turn = Math.atan2(dy, dx);
          if (first === null) { first = turn; }
          if (Math.abs(Math.sin(turn - first)) > 0.34) { break; }
          if (Math.hypot(line[j] - line[i], line[j + 1] - line[i + 1]) * view.scale < need) { continue; }
          if (onRun(path.name, need, font, kind, [line[i], line[i + 1], line[j], line[j + 1]])) { return; }
          i += 4;
          break;
        }
      }
    }
    // Write a name on a nearly straight run, in the middle of what is seen of it or beside that.
    function onRun(name, need, font, kind, [x0, y0, x1, y1]) {
      const ax = x0 * view.scale - view.x, ay = y0 * view.scale - view.y;
      const dx = (x1 - x0) * view.scale, dy = (y1 - y0) * view.scale, length = Math.hypot(dx, dy);
      let from = 0, to = 1;
      [[ax, dx, view.beyond.x, view.width - view.beyond.x], [ay, dy, view.beyond.y, view.height - view.beyond.y]].forEach(([at, along, low, high]) => {
        if (Math.abs(along) < 1e-9) { if (at < low || at > high) { to = -1; } return; }
        const enter = (low + 12 - at) / along, leave = (high - 12 - at) / along;
        from = Math.max(from, Math.min(enter, leave));
        to = Math.min(to, Math.max(enter, leave));
      });
      if ((to - from) * length < need) { return false; }
      let angle = Math.atan2(dy, dx);
      if (angle > Math.PI / 2 - 0.01) { angle -= Math.PI; }
      if (angle < -Math.PI / 2 - 0.01) { angle += Math.PI; }
      const room = (to - from) / 2 - need / length / 2;
      for (const aside of [0, -0.5, 0.5, -1, 1]) {
        const part = (from + to) / 2 + aside * room, x = ax + dx * part, y = ay + dy * part;
        const boxes = [], count = Math.max(2, Math.ceil(need / 16));
        for (let k = 0; k <= count; k++) {
          const off = (k / count - 0.5) * need, cx = x + off * Math.cos(angle), cy = y + off * Math.sin(angle);
          boxes.push([cx - 9, cy - 9, cx + 9, cy + 9]);
        }
        if (boxes.every(isFree)) {
          taken.push(...boxes);
          used.add(kind + name);
          write(name, x, y, angle, font, kind);
          return true;
        }
      }
      return false;
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
      this.canvas = L.DomUtil.create("canvas", "leaflet-zoom-" + (map.options.zoomAnimation ? "animated" : "hide"));
      this.canvas.setAttribute("aria-hidden", "true");
      map.getPane(this.paneName).appendChild(this.canvas);
      this.redraw();
    },
    onRemove: function () {
      this.drawing = null;
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
    // Begin to draw; what was begun before is given up. At once, if a page is printed.
    redraw: function (event) {
      const map = this._map, atOnce = event === "at once";
      if (!map) { return; }
      const size = map.getSize();
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
      const sheet = document.createElement("canvas");
      sheet.width = whole.x * ratio;
      sheet.height = whole.y * ratio;
      const pen = sheet.getContext("2d");
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
        sheet.className = this.canvas.className;
        sheet.setAttribute("aria-hidden", "true");
        sheet.style.width = whole.x + "px";
        sheet.style.height = whole.y + "px";
        this.canvas.replaceWith(sheet);
        this.canvas = sheet;
        this.place();
      };
      if (atOnce) { go(); } else { setTimeout(go, 0); }
    },
  });

  // A map's ground as one layer. options: below and above, names of panes; selector, of labels that names give way to;
  // avoid, a function that returns lines (of longitude, latitude) across which no name stands.
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
    group.redraw = (how) => { below.redraw(how); above.redraw(how); };
    return group;
  };
}());
