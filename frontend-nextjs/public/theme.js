/* Before anything is painted: the theme and the language of this browser's user, so that nothing flickers; and the words, before the scripts that say
 * them. */
(function () {
  var root = document.documentElement;
  try {
    var theme = localStorage.getItem("scribe.theme");
    var isDark = theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
    root.dataset.theme = isDark ? "dark" : "light";
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
