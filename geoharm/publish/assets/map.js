"use strict";
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = L.map("map", {
    attributionControl: false, zoomSnap: 0.25, zoomDelta: 0.5, wheelPxPerZoomLevel: 120,
    minZoom: 9, maxZoom: 16.5, zoomAnimation: !still, fadeAnimation: false, markerZoomAnimation: !still,
  });
  map.fitBounds(data.operation, { padding: [12, 12] });
  L.control.scale({ imperial: false }).addTo(map);
  ["ground", "surface", "lines", "hot", "zone"].forEach((name, index) => {
    map.createPane(name).style.zIndex = 300 + index * 10;
  });

  // Text from data only ever becomes a text node.
  function label(at, text, kind) {
    const span = document.createElement("span");
    span.textContent = text;
    return L.marker(at, { icon: L.divIcon({ className: kind, html: span, iconSize: [0, 0] }), interactive: false, keyboard: false });
  }
  function draw(features, pane, style) {
    return L.geoJSON(features, { pane: pane, interactive: false, smoothFactor: 0.5, style: style });
  }
  const of = (kind) => data.shapes.filter((shape) => shape.properties.kind === kind);
  const cased = (features, style) => L.layerGroup([
    draw(features, "zone", { color: "#ffffff", weight: style.weight + 3, fill: false, opacity: 0.9 }),
    draw(features, "zone", style),
  ]);

  draw(of("study"), "ground", { color: "#8b959e", weight: 1.2, fillColor: "#ffffff", fillOpacity: 1 }).addTo(map);
  const layers = {
    context: draw(of("context"), "lines", { color: "#8b959e", weight: 0.8, fill: false }),
    control: draw(of("control"), "lines", { color: "#6b7681", weight: 1.5, fill: false, dashArray: "1 5" }),
    places: L.layerGroup(data.places.map((place) => label(place.at, place.name, "place"))),
    zones: L.layerGroup(), hotspots: L.layerGroup(),
  };
  [...of("ring"), ...of("gap"), ...of("target")].forEach((shape) => {
    cased([shape], shape.properties.style).addTo(layers.zones);
  });
  const ringLabels = L.layerGroup([...of("ring"), ...of("gap")].map((shape) => {
    const box = L.geoJSON(shape).getBounds();
    const far = shape.properties.name.split("-")[1];
    return label([box.getSouth(), box.getCenter().lng], far, "ring");
  }));
  const hotspotsOf = data.measures.map((_, index) => of("hotspot").filter((shape) => shape.properties.measure === index));

  const state = { measure: 0, view: data.views.includes("before") ? "before" : data.views[0] };
  let surface = null;
  function show() {
    const image = data.images["surface " + state.measure + " " + state.view];
    if (surface) { surface.remove(); }
    surface = image && L.imageOverlay(image.url, image.bounds, { pane: "surface", className: "surface", alt: "" }).addTo(map);
    layers.hotspots.clearLayers();
    hotspotsOf[state.measure].forEach((shape) => {
      draw([shape], "hot", { color: "#ffffff", weight: 4, fill: false, opacity: 0.85 }).addTo(layers.hotspots);
      draw([shape], "hot", { color: "#0b3d2e", weight: 1.8, fill: false }).addTo(layers.hotspots);
      const box = L.geoJSON(shape).getBounds();
      label([box.getNorth(), box.getCenter().lng], String(shape.properties.rank), "rank").addTo(layers.hotspots);
    });
    const measure = data.measures[state.measure];
    byId("activity-note").hidden = !measure.activity;
    const changed = state.view === "change";
    byId("view-note").textContent = changed ? data.readings[state.measure][0] || "No comparison is possible." : data.windows[state.view] + ": " + measure.events[state.view] + " located " + measure.unit + ".";
    document.querySelectorAll("tr[data-measure]").forEach((row) => {
      row.hidden = Number(row.dataset.measure) !== state.measure;
    });
    if (changed) {
      swatches(data.change.map((one) => [one.colour, one.text]));
      byId("legend-note").textContent = "After against before, events a year. Grey is what chance can explain; blank, too few to show.";
    } else {
      legend(measure);
    }
  }
  function swatches(rows) {
    const list = byId("legend");
    list.replaceChildren();
    rows.forEach(([colour, text]) => {
      const item = document.createElement("li");
      const box = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      const fill = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      fill.setAttribute("width", "100%");
      fill.setAttribute("height", "14");
      fill.setAttribute("fill", colour);
      box.appendChild(fill);
      item.append(box, text);
      list.appendChild(item);
    });
  }
  function legend(measure) {
    swatches(measure.breaks.map((start, index) => [
      data.colours[index], start.toLocaleString("en-GB", { maximumSignificantDigits: 4 }),
    ]));
    byId("legend-note").textContent = measure.breaks.length
      ? measure.unit + " per km² per year; not drawn under " + measure.breaks[0].toLocaleString("en-GB") +
        ". Each class doubles. The same in every view; " + measure.note + "."
      : "Too few " + measure.unit + " to draw.";
  }

  const views = byId("views");
  data.views.forEach((view) => {
    const choice = document.createElement("label");
    const input = document.createElement("input");
    input.type = "radio";
    input.name = "view";
    input.value = view;
    input.checked = view === state.view;
    input.addEventListener("change", () => { state.view = view; show(); });
    choice.append(input, view.charAt(0).toUpperCase() + view.slice(1));
    views.appendChild(choice);
  });
  document.querySelectorAll("input[name=measure]").forEach((input) => {
    input.addEventListener("change", () => { state.measure = Number(input.value); show(); });
  });
  document.querySelectorAll("input[data-layer]").forEach((input) => {
    const toggle = () => {
      layers[input.dataset.layer][input.checked ? "addTo" : "remove"](map);
      if (input.dataset.layer === "zones") { zoomed(); }
    };
    input.addEventListener("change", toggle);
    toggle();
  });
  document.querySelectorAll("button[data-hotspot]").forEach((button) => {
    button.addEventListener("click", () => {
      const [measure, rank] = button.dataset.hotspot.split(" ").map(Number);
      const shape = hotspotsOf[measure].find((one) => one.properties.rank === rank);
      map.fitBounds(L.geoJSON(shape).getBounds().pad(0.6), { maxZoom: 15 });
    });
  });
  function zoomed() {
    const near = map.getZoom() >= 13 && map.hasLayer(layers.zones);
    ringLabels[near ? "addTo" : "remove"](map);
  }
  map.on("zoomend", zoomed);

  const Jump = L.Control.extend({
    onAdd: function () {
      const bar = L.DomUtil.create("div", "jump");
      [["Operation", data.operation], ["Whole city", data.city]].forEach(([text, box]) => {
        const button = L.DomUtil.create("button", "", bar);
        button.type = "button";
        button.textContent = text;
        button.addEventListener("click", () => map.fitBounds(box, { padding: [12, 12] }));
      });
      L.DomEvent.disableClickPropagation(bar);
      return bar;
    },
  });
  new Jump({ position: "topright" }).addTo(map);
  show();
  zoomed();
  document.documentElement.dataset.ready = "true";
}());
