"use strict";
// What a reader can do: zoom figures, copy data and citations, step through generations. Loads nothing.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const json = id => JSON.parse(document.getElementById(id).textContent);
  const make = (tag, text = "") => Object.assign(document.createElement(tag), {textContent: text});

  // short messages

  const status = document.getElementById("status");
  let hiding;
  const say = text => {
    clearTimeout(hiding);
    status.textContent = text;
    hiding = setTimeout(() => { status.textContent = ""; }, 4000);
  };

  // copying; without permission for the clipboard, as browsers did it before there was one

  const copySelected = text => {
    const area = make("textarea", text), focused = document.activeElement;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    focused.focus();
    return done;
  };
  const copy = async (text, what) => {
    const done = await navigator.clipboard.writeText(text).then(() => true, () => copySelected(text));
    say(done ? `Copied ${what}.` : `The browser does not allow copying ${what}.`);
  };
  for (const button of all("[data-csv]")) {
    const name = button.dataset.csv;
    button.addEventListener("click", () => copy(json(`csv-${name}`), `the table ${name} as CSV`));
  }
  for (const button of all("[data-citation]")) {
    button.addEventListener("click", () => copy(button.dataset.citation, "the citation as BibTeX"));
  }

  // zoom

  const dialog = document.getElementById("zoom"), lens = dialog.querySelector(".lens");
  const levels = [1, 1.5, 2, 3, 4, 6, 8];
  const image = make("img");
  let level = 0;
  const zoom = step => {
    const middle = [(lens.scrollLeft + lens.clientWidth / 2) / lens.scrollWidth,
                    (lens.scrollTop + lens.clientHeight / 2) / lens.scrollHeight];
    level = step ? Math.min(Math.max(level + step, 0), levels.length - 1) : 0;
    const fit = Math.min(lens.clientWidth, lens.clientHeight * image.naturalWidth / image.naturalHeight);
    image.style.width = `${Math.floor(fit * levels[level])}px`;
    lens.scrollTo(middle[0] * lens.scrollWidth - lens.clientWidth / 2, middle[1] * lens.scrollHeight - lens.clientHeight / 2);
    dialog.querySelector("output").textContent = `${Math.round(100 * levels[level])} %`;
  };
  const open = async figure => {
    const shown = figure.querySelector("img");
    dialog.querySelector("p").textContent = figure.querySelector("h3").textContent;
    Object.assign(image, {src: shown.src, alt: shown.alt});
    lens.replaceChildren(image);
    dialog.showModal();
    await image.decode();
    zoom(0);
    lens.focus();
  };
  for (const button of all("[data-zoom]")) {
    const figure = document.getElementById(button.dataset.zoom).closest("section");
    button.addEventListener("click", () => open(figure));
    const shown = figure.querySelector("img");
    shown.style.cursor = "zoom-in";
    shown.addEventListener("click", () => open(figure));
  }
  for (const button of all("[data-step]", dialog)) {
    button.addEventListener("click", () => zoom(Number(button.dataset.step)));
  }
  dialog.addEventListener("keydown", event => {
    const step = {"+": 1, "=": 1, "-": -1, "0": 0}[event.key];
    if (step !== undefined && !event.ctrlKey && !event.metaKey) {
      zoom(step);
      event.preventDefault();
    }
  });
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  addEventListener("resize", () => { if (dialog.open) zoom(0); });

  // a step for each generation

  const painted = (canvas, [width, height], code) => {
    const grey = atob(code), pixels = new Uint8ClampedArray(4 * grey.length).fill(255);
    for (let i = 0; i < grey.length; i++) pixels.fill(grey.charCodeAt(i), 4 * i, 4 * i + 3);
    Object.assign(canvas, {width, height});
    canvas.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
  };
  for (const box of all(".slider")) {
    const shown = json(box.dataset.frames), range = box.querySelector("input");
    const parts = shown.series.map(({label, items}) => {
      const figure = make("figure"), part = make(shown.kind === "images" ? "canvas" : "blockquote");
      figure.append(part, make("figcaption", label));
      if (shown.kind === "texts") figure.prepend(figure.lastChild);
      else part.setAttribute("role", "img");
      box.querySelector(".stage").append(figure);
      return {label, items, part};
    });
    const draw = () => {
      const n = Number(range.value), step = shown.steps[n];
      box.querySelector("output").textContent = step;
      range.setAttribute("aria-valuetext", step);
      for (const {label, items, part} of parts) {
        if (shown.kind === "texts") part.textContent = items[n] ?? "(not run up to this generation)";
        else {
          part.setAttribute("aria-label", `${label}, ${step}: a grid of decoded images`);
          painted(part, shown.size, items[n]);
        }
      }
    };
    range.addEventListener("input", draw);
    box.hidden = false;
    draw();
  }

  // single runs and intervals of a table, against generation

  const [WIDTH, HEIGHT, LEFT, BOTTOM] = [640, 320, 64, 40];
  const shape = (tag, attributes, text = "") => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.textContent = text;
    return made;
  };
  const ticks = (low, high) => {
    const rough = (high - low) / 5, power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].find(n => n * power >= rough) * power;
    const count = Math.floor(high / step) - Math.ceil(low / step) + 1;
    return Array.from({length: count}, (_, n) => Number(((Math.ceil(low / step) + n) * step).toPrecision(12)));
  };
  const scale = (values, from, to) => {
    const low = Math.min(...values), high = Math.max(...values), span = high - low || 1;
    return {at: value => from + (to - from) * (value - low) / span, ticks: ticks(low, low + span)};
  };
  const path = (points, x, y) => points.filter(([, value]) => value !== null)
    .map(([g, value], n) => `${n ? "L" : "M"}${x.at(g).toFixed(1)} ${y.at(value).toFixed(1)}`).join("");
  const pairs = (line, values) => line.generation.map((g, n) => [g, values[n]]);
  const drawn = (lines, parts) => {
    const rows = lines.flatMap(line => [line.mean, ...(parts.interval ? [line.low, line.high] : []), ...(parts.run ? line.runs : [])]);
    const x = scale(lines.flatMap(line => line.generation), LEFT, WIDTH - 12);
    const y = scale(rows.flat().filter(value => value !== null), HEIGHT - BOTTOM, 12);
    const found = [];
    for (const tick of y.ticks) {
      found.push(shape("path", {class: "axis", d: `M${LEFT} ${y.at(tick)}H${WIDTH - 12}`}),
                 shape("text", {x: LEFT - 6, y: y.at(tick) + 4, "text-anchor": "end"}, String(tick)));
    }
    for (const tick of x.ticks.filter(Number.isInteger)) {
      found.push(shape("text", {x: x.at(tick), y: HEIGHT - BOTTOM + 18, "text-anchor": "middle"}, String(tick)));
    }
    found.push(shape("text", {x: (LEFT + WIDTH) / 2, y: HEIGHT - 4, "text-anchor": "middle"}, "generation"));
    for (const line of lines) {
      if (parts.interval) {
        const around = [...pairs(line, line.high), ...pairs(line, line.low).reverse()];
        found.push(shape("path", {class: "interval", style: `fill: ${line.colour}`, d: path(around, x, y)}));
      }
      for (const run of parts.run ? line.runs : []) {
        found.push(shape("path", {class: "run", stroke: line.colour, d: path(pairs(line, run), x, y)}));
      }
      found.push(shape("path", {class: "mean", stroke: line.colour, d: path(pairs(line, line.mean), x, y)}));
    }
    return found;
  };
  for (const box of all(".runs")) {
    const panels = json(box.dataset.runs), choice = box.querySelector("select"), chart = shape("svg", {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img"});
    const lines = () => panels[choice ? choice.value : ""], hidden = new Set();
    const draw = () => {
      const shown = lines().filter(line => !hidden.has(line.label));
      const parts = Object.fromEntries(all("[data-part]", box).map(part => [part.dataset.part, part.checked]));
      chart.replaceChildren(...(shown.length ? drawn(shown, parts) : []));
      chart.setAttribute("aria-label", `Means of ${shown.map(line => line.label).join("; ") || "nothing"}${
        parts.interval ? ", with intervals" : ""}${parts.run ? ", with single runs" : ""}`);
    };
    const list = () => {
      box.querySelector(".lines").replaceChildren(...lines().map(line => {
        const label = make("label"), input = Object.assign(make("input"), {type: "checkbox", checked: !hidden.has(line.label)});
        input.addEventListener("change", () => {
          hidden[input.checked ? "delete" : "add"](line.label);
          draw();
        });
        label.style.borderColor = line.colour;
        label.append(input, ` ${line.label}`);
        return label;
      }));
      draw();
    };
    box.querySelector(".picture").append(chart);
    choice?.addEventListener("change", list);
    for (const part of all("[data-part]", box)) part.addEventListener("change", draw);
    list();
  }

  // what is wider than the screen says so

  const measure = entries => {
    for (const {target} of entries) {
      target.previousElementSibling.hidden = target.scrollWidth <= target.clientWidth + 1;
    }
  };
  const observer = new ResizeObserver(measure);
  for (const region of all(".scroll")) {
    const hint = make("p", "Wider than the screen: scroll sideways.");
    hint.className = "wider";
    hint.hidden = true;
    region.before(hint);
    observer.observe(region);
  }
})();
