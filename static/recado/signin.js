// Light or dark as chosen at the desk, else as the machine likes it; in the head, so that nothing flashes.
(() => {
  let chosen = "";
  try { chosen = JSON.parse(localStorage.getItem("adminTheme") || '""'); } catch { /* a private window keeps nothing */ }
  const isDark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.classList.toggle("dark", isDark);
})();
// A passkey that fails says so on the page, not only to programmers.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const trouble = document.getElementById("signin-trouble");
  if (trouble) trouble.hidden = false;
});
