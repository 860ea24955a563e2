// A segment's or an audience's page: charts, copying, hiding.
(function () {
  "use strict";
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const LABELS = 0.4; // the share of a chart's width that its labels may take
  const dark = matchMedia("(prefers-color-scheme: dark)");

  function rows(columns) {
    const names = Object.keys(columns);
    return columns[names[0]].map((_, place) => Object.fromEntries(names.map((name) => [name, columns[name][place]])));
  }

  const datasets = Object.fromEntries(Object.entries(figures).map(([name, columns]) => [name, rows(columns)]));

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  }

  // A chart's specification with the colours that the style has now, and its data.
  function specification(name) {
    const text = JSON.stringify(window.musterCharts[name]);
    const spec = JSON.parse(text.replace(/\$(?!schema)([a-z-]+)/g, (_, found) => colour(found)));
    spec.datasets = datasets;
    // the height of so many rows, which Vega-Lite cannot have beside a width that fits its place
    if (spec.height.step) {
      const field = spec.encoding.y.field;
      spec.height = spec.height.step * new Set(datasets[spec.data.name].map((row) => row[field])).size;
    }
    if (spec.layer) spec.layer = spec.layer.filter((layer) => !layer.data || datasets[layer.data.name].length);
    return spec;
  }

  function config(width) {
    const font = getComputedStyle(document.body).fontFamily;
    const text = { labelFont: font, titleFont: font, labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal" };
    const ink = { labelColor: colour("muted"), titleColor: colour("muted") };
    return {
      aria: false,
      background: null,
      font,
      padding: 2,
      view: { stroke: null },
      axis: { ...text, ...ink, gridColor: colour("line"), domainColor: colour("line"), tickColor: colour("line"), labelPadding: 6, labelLimit: width * LABELS },
      legend: { ...text, labelColor: colour("ink") },
    };
  }

  async function draw(place) {
    const options = {
      actions: false,
      ast: true,
      config: config(place.clientWidth),
      defaultStyle: false,
      renderer: "svg",
      tooltip: { disableDefaultStyle: true },
    };
    if (place.drawn) place.drawn.finalize();
    place.drawn = await window.vegaEmbed(place, specification(place.dataset.chart), options);
    // the sentence beside it and the table say what it shows
    place.querySelector("svg").setAttribute("aria-hidden", "true");
    place.dataset.state = "drawn";
  }

  async function drawAll() {
    for (const place of document.querySelectorAll("[data-chart]")) await draw(place);
    document.documentElement.dataset.charts = "drawn";
  }

  async function copy(button) {
    const code = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
    setTimeout(() => (button.textContent = "Copy"), 2000);
  }

  function offerHiding(button) {
    const article = document.querySelector("[data-segment]");
    const key = article.dataset.segment;
    const byDefault = "hidden" in article.dataset;
    const say = () => (button.textContent = window.muster.isHidden(key, byDefault) ? "Show in the index" : "Hide in the index");
    button.hidden = false;
    button.addEventListener("click", () => {
      window.muster.setHidden(key, !window.muster.isHidden(key, byDefault), byDefault);
      say();
    });
    window.muster.onChange(say);
    say();
  }

  for (const button of document.querySelectorAll("button.copy")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
  const hide = document.getElementById("hide");
  if (hide) offerHiding(hide);
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((each) => (each.open = true)));
  dark.addEventListener("change", drawAll);
  drawAll();
})();
