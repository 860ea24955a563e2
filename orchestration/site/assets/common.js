// What each viewer hides, kept in the browser; without a store it lasts as long as the page.
(function () {
  "use strict";
  const root = new URL(document.documentElement.dataset.root || "./", document.baseURI);
  const name = "muster-site " + root.pathname;
  let held = {};

  function store() {
    try {
      return window.localStorage;
    } catch {
      return null;
    }
  }

  function read() {
    try {
      held = JSON.parse(store().getItem(name)) || {};
    } catch {
      // no store, or something else in it: what this page knows stands
    }
    return held;
  }

  function write() {
    try {
      store().setItem(name, JSON.stringify(held));
      return true;
    } catch {
      return false;
    }
  }

  window.muster = {
    isHidden(key, byDefault) {
      const said = read()[key];
      return typeof said === "boolean" ? said : byDefault;
    },
    // Returns whether the browser will remember it.
    setHidden(key, hidden, byDefault) {
      read();
      if (hidden === byDefault) delete held[key];
      else held[key] = hidden;
      return write();
    },
    onChange(work) {
      window.addEventListener("storage", (event) => event.key === name && work());
    },
  };
})();
