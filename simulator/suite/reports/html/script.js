(function () {
  function reveal() {
    var id = decodeURIComponent(location.hash.slice(1));
    var at = id && document.getElementById(id);
    if (!at) return;
    for (var x = at; x; x = x.parentElement) if (x.tagName === 'DETAILS') x.open = true;
    var body = at.tagName === 'SECTION' && at.querySelector('details');
    if (body) body.open = true;
    at.scrollIntoView();
  }
  window.addEventListener('hashchange', reveal);
  reveal();
  if (/^zh/i.test(navigator.language || '')) document.getElementById('lang-zh').checked = true;
  function name() {
    var page = document.documentElement;
    page.lang = document.getElementById('lang-zh').checked ? 'zh' : 'en';
    document.title = page.dataset[page.lang];
  }
  document.querySelectorAll('[name=lang]').forEach(function (x) { x.addEventListener('change', name); });
  name();
  window.addEventListener('beforeprint', function () {
    document.querySelectorAll('section > details').forEach(function (d) { d.open = true; });
  });
})();
