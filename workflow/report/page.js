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
