"use strict";
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  // Lines come as a first point and steps from there, in hundred-thousandths of a degree.
  function unpacked(part) {
    if (typeof part[0] !== "number") { return part.map(unpacked); }
    let x = 0, y = 0;
    const line = [];
    for (let i = 0; i < part.length; i += 2) { line.push([(x += part[i]) / 1e5, (y += part[i + 1]) / 1e5]); }
    return line;
  }
  data.shapes.forEach((shape) => {
    if (shape.geometry.type !== "Point") { shape.geometry.coordinates = unpacked(shape.geometry.coordinates); }
  });
  const of = (kind) => data.shapes.filter((shape) => shape.properties.kind === kind);
  const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
  const halves = data.views.includes("before") && data.views.includes("after");

  // Text from data only ever becomes a text node.
  function text(name, content, kind) {
    const element = document.createElement(name);
    element.textContent = content;
    if (kind) { element.className = kind; }
    return element;
  }
  function label(at, content, kind, pane) {
    return L.marker(at, {
      icon: L.divIcon({ className: kind, html: text("span", content), iconSize: [0, 0] }),
      interactive: false, keyboard: false, pane: pane || "markerPane",
    });
  }
  // The colours of lines are in the style sheet, by kind: the page may be light or dark, and a printed one is light.
  // The lines or rings of a geometry's coordinates.
  function lines(part) { return typeof part[0][0] === "number" ? [part] : part.flatMap(lines); }
  function draw(features, pane, style, kind) {
    return L.geoJSON(features, {
      pane: pane, interactive: false, smoothFactor: 0.5, style: { ...style, className: "k-" + kind },
    });
  }
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => dark.matches && !document.documentElement.classList.contains("paper");
  // On a dark page the classes turn round, so that more is always farther from the ground.
  const colours = () => (isDark() ? [...data.colours].reverse() : data.colours);
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const changes = () => {
    const all = data.change.map((one) => one.colour);
    return isDark() ? [css("--chance"), all[2], all[1], all[4], all[3]] : all;
  };
  const pictures = new Map(), light = new Map();
  async function darkened(url) {
    if (!pictures.has(url)) {
      const image = new Image();
      image.src = url;
      await image.decode();
      light.set(url, image);
      const sheet = document.createElement("canvas");
      sheet.width = image.width;
      sheet.height = image.height;
      const pen = sheet.getContext("2d");
      pen.drawImage(image, 0, 0);
      const pixels = pen.getImageData(0, 0, sheet.width, sheet.height);
      const number = (colour) => parseInt(colour.slice(1), 16);
      const before = [...data.colours, ...data.change.map((one) => one.colour)].map(number);
      const turned = new Map([...colours(), ...changes()].map((colour, index) => [before[index], number(colour)]));
      for (let i = 0; i < pixels.data.length; i += 4) {
        const to = turned.get(pixels.data[i] * 65536 + pixels.data[i + 1] * 256 + pixels.data[i + 2]);
        if (to !== undefined) {
          pixels.data[i] = to >> 16;
          pixels.data[i + 1] = to >> 8 & 255;
          pixels.data[i + 2] = to & 255;
        }
      }
      pen.putImageData(pixels, 0, 0);
      pictures.set(url, sheet.toDataURL());
    }
    return pictures.get(url);
  }
  // The surfaces of a map in the colours of paper, with the pixels between which each is seen.
  function surfaces(map, images) {
    const size = map.getSize(), at = state.view === "swipe" ? 24 + Number(swipe.value) / 100 * (size.x - 48) : size.x;
    return ["left", "right"].filter((side) => images[side]).map((side) => ({
      image: light.get(images[side].options.url) || images[side].getElement(), bounds: images[side].getBounds(),
      from: side === "left" ? 0 : at, to: side === "left" ? at : size.x,
    }));
  }
  // Show a picture in the colours of the page.
  function tint(overlay, url) {
    if (!isDark()) {
      if (overlay.getElement().src !== url) { overlay.setUrl(url); }
      return;
    }
    darkened(url).then((turned) => { if (isDark()) { overlay.setUrl(turned); } });
  }

  // One map with its own panes: "left" and "right" hold what the swipe cuts.
  function makeMap(id) {
    const map = L.map(id, {
      attributionControl: false, zoomSnap: 0.25, zoomDelta: 0.5, wheelPxPerZoomLevel: 120,
      minZoom: 2, maxZoom: 16.5, zoomAnimation: !still, fadeAnimation: false, markerZoomAnimation: !still,
    });
    ["ground", "earth", "left", "right", "names", "lines", "left-hot", "right-hot", "zone", "left-rank", "right-rank"].forEach((name, index) => {
      map.createPane(name).style.zIndex = 300 + index * 10;
    });
    map.fitBounds(data.operation || data.city, { padding: [12, 12] });
    // A study area wider than a region is seen whole.
    map.setMinZoom(Math.min(9, map.getBoundsZoom(data.city)));
    draw(of("study"), "ground", { ...data.styles.study, fill: !data.tiles, fillOpacity: 1 }, "study k-land").addTo(map);
    const layers = {
      context: draw(of("context"), "lines", data.styles.context, "context"),
      control: draw(of("control"), "lines", data.styles.control, "control"),
      places: L.layerGroup(data.places.map((place) => label(place.at, place.name, "place"))),
      zones: L.layerGroup(), hotspots: L.layerGroup(),
    };
    if (data.tiles) {
      layers.tiles = L.tileLayer(data.tiles.url, {
        subdomains: data.tiles.subdomains, maxNativeZoom: data.tiles.zoom,
        referrerPolicy: "strict-origin-when-cross-origin",
      });
    }
    const drawn = [], images = {};  // hotspots, and the surface of each side
    if (data.ground) {
      layers.ground = L.geoharmGround(map, data.ground, {
        below: "earth", above: "names", selector: ".place span,.rank span,.ring span,.leaflet-control,.jump",
        avoid: () => [
          ...(map.hasLayer(layers.zones) ? [...of("target"), ...of("gap"), ...of("ring")] : []),
          ...(map.hasLayer(layers.hotspots) ? drawn : []),
        ].flatMap((shape) => lines(shape.geometry.coordinates)),
        surfaces: () => surfaces(map, images),
      });
    }
    [...of("ring"), ...of("gap"), ...of("target")].forEach((shape) => {
      const style = data.styles[shape.properties.kind];
      draw([shape], "zone", { weight: style.halo, fill: false, opacity: 0.9 }, "case").addTo(layers.zones);
      draw([shape], "zone", style, shape.properties.kind).addTo(layers.zones);
    });
    const names = L.layerGroup([...of("ring"), ...of("gap")].map((shape) => {
      const box = L.geoJSON(shape).getBounds();
      return label([box.getSouth(), box.getCenter().lng], shape.properties.name.split("-")[1], "ring");
    }));
    const zoomed = () => names[map.getZoom() >= 13 && map.hasLayer(layers.zones) ? "addTo" : "remove"](map);
    map.on("zoomend", zoomed);
    map.getContainer().addEventListener("keydown", (event) => {
      if (event.key === "Escape") { map.closePopup(); }
    });
    return { map: map, layers: layers, images: images, zoomed: zoomed, drawn: drawn };
  }

  // Draw one view into one side of a map.
  function fill(target, side, measure, shown) {
    const view = ofPair(shown);
    const image = data.images["surface " + measure + " " + view];
    if (target.images[side]) { target.images[side].remove(); }
    target.images[side] = image && L.imageOverlay(image.url, image.bounds, {
      pane: side, url: image.url, className: data.steps.includes(view) && view !== "before" ? "surface step" : "surface", alt: "",
    })
      .addTo(target.map);
    if (image && isDark()) { tint(target.images[side], image.url); }
    hotspots(measure, view).forEach((shape) => {
      target.drawn.push(shape);
      const pane = side + "-hot", style = data.styles.hotspot;
      draw([shape], pane, { weight: style.halo, fill: false, opacity: 0.85 }, "case").addTo(target.layers.hotspots);
      draw([shape], pane, style, "hotspot").addTo(target.layers.hotspots);
      const box = L.geoJSON(shape).getBounds();
      label([box.getNorth(), box.getCenter().lng], String(shape.properties.rank), "rank", side + "-rank").addTo(target.layers.hotspots);
    });
  }
  function hotspots(measure, view) {
    return of("hotspot").filter((shape) => shape.properties.measure === measure && shape.properties.view === view);
  }
  function clear(target) {
    ["left", "right"].forEach((side) => {
      if (target.images[side]) { target.images[side].remove(); delete target.images[side]; }
      [side, side + "-hot", side + "-rank"].forEach((name) => { target.map.getPane(name).style.clipPath = ""; });
    });
    target.drawn.length = 0;
    target.layers.hotspots.clearLayers();
    target.map.closePopup();
  }

  const main = makeMap("map");
  let other = null;
  const state = { measure: 0, pair: 0, view: data.operation && data.views.includes("before") ? "before" : data.views[0] };
  // A view of the second comparison has its position after its name.
  const ofPair = (view) => state.pair && ["before", "after", "change"].includes(view) ? view + " " + state.pair : view;
  const swipe = byId("swipe");

  // Panes have no size of their own, so they are cut by a polygon in the pixels of the layers, at every move.
  function cut() {
    if (state.view !== "swipe") { return; }
    const size = main.map.getSize();
    const share = Number(swipe.value) / 100;
    const at = 24 + share * (size.x - 48);
    const corner = main.map.containerPointToLayerPoint([0, 0]);
    const box = (from, to) => {
      const points = [[from, 0], [to, 0], [to, size.y], [from, size.y]];
      return "polygon(" + points.map(([x, y]) => (corner.x + x) + "px " + (corner.y + y) + "px").join(",") + ")";
    };
    ["left", "left-hot", "left-rank"].forEach((name) => { main.map.getPane(name).style.clipPath = box(0, at); });
    ["right", "right-hot", "right-rank"].forEach((name) => { main.map.getPane(name).style.clipPath = box(at, size.x); });
    byId("swipe-line").style.left = at + "px";
    swipe.setAttribute("aria-valuetext", Math.round(share * 100) + "% of the map shows before, the rest after");
  }
  main.map.on("move zoom viewreset resize", cut);
  swipe.addEventListener("input", cut);

  // The second map of a pair follows the first, and the first the second.
  function pair() {
    if (other) { return; }
    other = makeMap("map2");
    let busy = false;
    const follow = (from, to) => from.map.on("move", () => {
      if (busy) { return; }
      busy = true;
      to.map.setView(from.map.getCenter(), from.map.getZoom(), { animate: false });
      busy = false;
    });
    follow(main, other);
    follow(other, main);
  }

  function show() {
    const paired = state.view === "pair";
    const stepped = state.view === "steps";
    byId("stage").classList.toggle("paired", paired);
    byId("stage").classList.toggle("swiped", state.view === "swipe");
    byId("map2").hidden = !paired;
    swipe.hidden = byId("swipe-line").hidden = state.view !== "swipe";
    byId("sides").hidden = !paired && state.view !== "swipe";
    if (byId("step-bar")) { byId("step-bar").hidden = !stepped; }
    clear(main);
    main.map.invalidateSize({ animate: false });
    if (paired) {
      pair();
      clear(other);
      other.map.invalidateSize({ animate: false });
      other.map.setView(main.map.getCenter(), main.map.getZoom(), { animate: false });
      fill(main, "left", state.measure, "before");
      fill(other, "left", state.measure, "after");
      shown.forEach((value, name) => layer(name, value));
    } else if (state.view === "swipe") {
      fill(main, "left", state.measure, "before");
      fill(main, "right", state.measure, "after");
      cut();
    } else {
      fill(main, "left", state.measure, stepped ? data.steps[Number(byId("step").value)] : state.view);
    }
    words();
  }
  function words() {
    const measure = data.measures[state.measure];
    const line = (view) => {
      const events = measure.events[ofPair(view)];
      if (events === undefined) { return capital(view) + ": not counted, or withheld."; }
      return capital(view) + ", " + data.windows[ofPair(view)] + ": " + events + " located " + measure.unit +
        (measure.few.includes(ofPair(view)) ? "; too few to show." : ".");
    };
    byId("activity-note").hidden = !measure.activity;
    document.querySelectorAll("tr[data-measure]").forEach((row) => {
      row.hidden = Number(row.dataset.measure) !== state.measure;
    });
    const note = byId("view-note");
    if (state.view === "change") {
      note.textContent = data.readings[state.measure][state.pair] || "No comparison is possible.";
      swatches(data.change.map((one, index) => [changes()[index], one.text]));
      byId("legend-note").textContent = "After compared with before, in events a year. Grey: chance can explain it. Blank: too few to show.";
      return;
    }
    if (data.patterns[state.view]) {
      const pattern = data.patterns[state.view][state.measure];
      note.textContent = pattern.found;
      swatches(pattern.legend.map((one) => [one.colour, one.text]));
      byId("legend-note").textContent = pattern.how;
      return;
    }
    if (state.view === "steps") {
      const view = data.steps[Number(byId("step").value)];
      note.textContent = line(view);
      byId("step").setAttribute("aria-valuetext", view + ", " + data.windows[view]);
      byId("step-name").textContent = capital(view);
    } else if (state.view === "swipe" || state.view === "pair") {
      note.textContent = "Left: " + line("before") + " Right: " + line("after");
    } else {
      note.textContent = line(state.view);
    }
    legend(measure);
  }
  function swatches(rows) {
    byId("legend").replaceChildren(...rows.map(([colour, content]) => {
      const item = document.createElement("li");
      const box = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      const part = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      box.setAttribute("aria-hidden", "true");
      part.setAttribute("width", "100%");
      part.setAttribute("height", "14");
      part.setAttribute("fill", colour);
      box.appendChild(part);
      item.append(box, content);
      return item;
    }));
  }
  function legend(measure) {
    swatches(measure.breaks.map((start, index) => [
      colours()[index], start.toLocaleString("en-GB", { maximumSignificantDigits: 4 }),
    ]));
    byId("legend-note").textContent = measure.breaks.length
      ? measure.density + "; not drawn under " + measure.breaks[0].toLocaleString("en-GB") +
        ". Each class doubles. The same in every view; " + measure.note + "."
      : "Too few " + measure.unit + " to draw.";
  }

  // -- controls
  const views = byId("views");
  const choices = [...data.views.map((view) => [view, capital(view)])];
  if (halves) { choices.push(["swipe", "Swipe"], ["pair", "Side by side"]); }
  if (data.steps.length) { choices.push(["steps", "Step by step"]); }
  choices.forEach(([view, name]) => {
    const choice = document.createElement("label");
    const input = document.createElement("input");
    input.type = "radio";
    input.name = "view";
    input.value = view;
    input.checked = view === state.view;
    input.addEventListener("change", () => { state.view = view; show(); });
    choice.append(input, name);
    views.appendChild(choice);
  });
  function goTo(view) {
    const input = views.querySelector("input[value='" + view + "']");
    if (input && state.view !== view) { input.checked = true; state.view = view; show(); }
  }
  if (data.steps.length) {
    const step = byId("step");
    step.max = String(data.steps.length - 1);
    step.addEventListener("input", show);
    [["earlier", -1], ["later", 1]].forEach(([id, by]) => {
      byId(id).addEventListener("click", () => {
        step.value = String(Number(step.value) + by);
        show();
      });
    });
  }
  document.querySelectorAll("input[name=measure]").forEach((input) => {
    input.addEventListener("change", () => { state.measure = Number(input.value); show(); });
  });
  data.pairs.forEach((name, index) => {
    const choice = document.createElement("label");
    const input = document.createElement("input");
    input.type = "radio";
    input.name = "pair";
    input.checked = index === state.pair;
    input.addEventListener("change", () => { state.pair = index; show(); });
    choice.append(input, " " + name);
    byId("pairs").appendChild(choice);
    byId("pair-choice").hidden = false;
  });
  const shown = new Map();
  function layer(name, on) {
    shown.set(name, on);
    [main, other].filter(Boolean).forEach((target) => {
      target.layers[name][on ? "addTo" : "remove"](target.map);
      target.zoomed();
    });
  }
  document.querySelectorAll("input[data-layer]").forEach((input) => {
    input.addEventListener("change", () => layer(input.dataset.layer, input.checked));
    layer(input.dataset.layer, input.checked);
  });
  document.querySelectorAll("button[data-hotspot]").forEach((button) => {
    button.addEventListener("click", () => {
      const [measure, rank] = button.dataset.hotspot.split(" ").map(Number);
      const shape = hotspots(measure, "whole period").find((one) => one.properties.rank === rank);
      goTo("whole period");
      const box = L.geoJSON(shape).getBounds();
      main.map.fitBounds(box.pad(0.6), { maxZoom: 15 });
      main.map.openPopup(text("span", shape.properties.text), box.getCenter(), { autoPan: false });
    });
  });

  L.control.scale({ imperial: false }).addTo(main.map);
  const Jump = L.Control.extend({
    onAdd: function () {
      const bar = L.DomUtil.create("div", "jump");
      [["Operation", data.operation], ["Whole city", data.city]].filter(([, box]) => box).forEach(([name, box]) => {
        const button = L.DomUtil.create("button", "", bar);
        button.type = "button";
        button.textContent = name;
        button.addEventListener("click", () => main.map.fitBounds(box, { padding: [12, 12] }));
      });
      L.DomEvent.disableClickPropagation(bar);
      return bar;
    },
  });
  new Jump({ position: "topright" }).addTo(main.map);
  const Credit = L.Control.extend({
    onAdd: () => text("div", data.credits.join(" "), "credit"),
  });
  if (data.tiles) {
    data.credits.push(data.tiles.credit);
    document.documentElement.classList.add("tiled");
  }
  if (data.credits.length) { new Credit({ position: "bottomright" }).addTo(main.map); }
  // Paper is light.
  function repaint(how) {
    words();
    [main, other].filter(Boolean).forEach((target) => {
      Object.values(target.images).filter(Boolean).forEach((overlay) => tint(overlay, overlay.options.url));
      if (target.layers.ground) { target.layers.ground.redraw(how); }
    });
  }
  dark.addEventListener("change", () => repaint());
  // The whole view of the screen is fitted into the size that the map has on paper.
  let screen = null;
  window.addEventListener("beforeprint", () => {
    screen = { bounds: main.map.getBounds(), centre: main.map.getCenter(), zoom: main.map.getZoom() };
    document.documentElement.classList.add("paper");
    main.map.invalidateSize({ animate: false });
    main.map.fitBounds(screen.bounds, { animate: false });
    cut();
    repaint("at once");
  });
  window.addEventListener("afterprint", () => {
    document.documentElement.classList.remove("paper");
    main.map.invalidateSize({ animate: false });
    if (screen) { main.map.setView(screen.centre, screen.zoom, { animate: false }); }
    repaint();
  });
  show();
  main.zoomed();
  document.documentElement.dataset.ready = "true";
}());
