// The index: search, sorting, and what is hidden.
(function () {
  "use strict";
  const table = document.getElementById("segments");
  if (!table) return;
  const body = table.tBodies[0];
  const find = document.getElementById("find");
  const hiddenToo = document.getElementById("hidden-too");
  const shown = document.getElementById("shown");
  const nothing = document.getElementById("nothing");
  const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

  const rows = Array.from(body.rows, (row) => {
    const data = row.dataset;
    return {
      row,
      key: data.key,
      byDefault: "hidden" in data,
      words: plain([data.name, data.key, data.owner, data.entity, data.words, row.querySelector(".about").textContent].join(" ")),
      button: row.querySelector("button.hide"),
    };
  });

  function show() {
    const words = plain(find.value).split(/\s+/).filter(Boolean);
    let visible = 0;
    let hidden = 0;
    let found = 0;
    for (const each of rows) {
      const isHidden = window.muster.isHidden(each.key, each.byDefault);
      const matches = words.every((word) => each.words.includes(word));
      const isShown = matches && (!isHidden || hiddenToo.checked);
      each.row.hidden = !isShown;
      each.row.classList.toggle("put-away", isHidden);
      each.button.textContent = isHidden ? "Show" : "Hide";
      each.button.setAttribute("aria-label", (isHidden ? "Show " : "Hide ") + each.row.dataset.name);
      hidden += isHidden ? 1 : 0;
      found += matches ? 1 : 0;
      visible += isShown ? 1 : 0;
    }
    document.getElementById("hidden-count").textContent = hidden;
    const away = found - visible;
    shown.textContent =
      visible + " of " + rows.length + " segments shown" + (away ? ", " + away + " more hidden" : "");
    nothing.hidden = found > 0;
    remember();
  }

  // The search stands in the address, so that it can be sent to somebody and the way back leads to it.
  function remember() {
    const told = new URLSearchParams();
    if (find.value) told.set("find", find.value);
    if (hiddenToo.checked) told.set("hidden", "too");
    const text = told.toString();
    try {
      history.replaceState(null, "", text ? "#" + text : location.pathname + location.search);
    } catch {
      // an address that may not be changed stays as it is
    }
  }

  function recall() {
    const told = new URLSearchParams(location.hash.slice(1));
    find.value = told.get("find") || "";
    hiddenToo.checked = told.get("hidden") === "too";
  }

  function value(row, by) {
    const text = row.dataset[by];
    if (by === "members" || by === "change") return text === "" ? null : Number(text);
    return text;
  }

  function compare(left, right, by, sign) {
    const [a, b] = [value(left.row, by), value(right.row, by)];
    if (a === null || b === null || a === "" || b === "") return (a === null || a === "") - (b === null || b === "");
    return sign * (typeof a === "number" ? a - b : order.compare(a, b));
  }

  function sort(button) {
    const head = button.closest("th");
    const numbers = ["members", "change"].includes(button.dataset.sort);
    const now = head.getAttribute("aria-sort");
    const next = now ? (now === "ascending" ? "descending" : "ascending") : numbers ? "descending" : "ascending";
    for (const each of table.tHead.querySelectorAll("th")) each.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", next);
    rows.sort((a, b) => compare(a, b, button.dataset.sort, next === "ascending" ? 1 : -1) || order.compare(a.key, b.key));
    body.append(...rows.map((each) => each.row));
  }

  // The row that takes the place of one that is hidden has the focus next.
  function focusAfter(row) {
    const next = rows.slice(rows.indexOf(row) + 1).find((each) => !each.row.hidden);
    const before = rows.slice(0, rows.indexOf(row)).reverse().find((each) => !each.row.hidden);
    (next || before || { button: find }).button.focus();
  }

  body.addEventListener("click", (event) => {
    const each = event.target.closest("button.hide") && rows.find((row) => row.button === event.target);
    if (!each) return;
    const hide = !window.muster.isHidden(each.key, each.byDefault);
    const kept = window.muster.setHidden(each.key, hide, each.byDefault);
    document.getElementById("kept").hidden = kept;
    show();
    if (each.row.hidden) focusAfter(each);
  });
  table.tHead.addEventListener("click", (event) => event.target.closest("button") && sort(event.target));
  find.addEventListener("input", show);
  hiddenToo.addEventListener("change", show);
  find.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && find.value) {
      find.value = "";
      show();
    }
  });
  document.getElementById("clear").addEventListener("click", () => {
    find.value = "";
    show();
    find.focus();
  });
  window.addEventListener("hashchange", () => {
    recall();
    show();
  });
  window.muster.onChange(show);
  recall();
  show();
})();
