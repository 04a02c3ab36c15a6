/* Before anything is painted: the theme and the language of this browser's user, so that nothing flickers. */
(function () {
  var root = document.documentElement;
  try {
    var theme = localStorage.getItem("scribe.theme");
    var isDark = theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
    root.dataset.theme = isDark ? "dark" : "light";
    var language = localStorage.getItem("scribe.language") || (navigator.language || "en").slice(0, 2).toLowerCase();
    root.lang = language === "fr" ? "fr" : "en";
  } catch {
    root.dataset.theme = "light";
  }
})();
