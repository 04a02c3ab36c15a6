/* Before anything is painted: the theme and the language of this browser's user, so that nothing flickers; and the words, before the scripts that say
 * them. */
(function () {
  var root = document.documentElement;
  try {
    var system = matchMedia("(prefers-color-scheme: dark)");
    var setTheme = function () {
      var theme = localStorage.getItem("scribe.theme");
      root.dataset.theme = theme === "dark" || (theme !== "light" && system.matches) ? "dark" : "light";
    };
    setTheme();
    system.addEventListener("change", setTheme);
    var language = localStorage.getItem("scribe.language") || (navigator.language || "en").slice(0, 2).toLowerCase();
    root.lang = language === "fr" ? "fr" : "en";
    var catalogue = document.createElement("link");
    catalogue.rel = "preload";
    catalogue.as = "fetch";
    catalogue.crossOrigin = "anonymous";
    catalogue.href = "/messages/" + root.lang + ".json";
    document.head.append(catalogue);
  } catch {
    root.dataset.theme = "light";
  }
})();
