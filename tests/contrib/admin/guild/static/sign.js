document.documentElement.dataset.sign = "guild";
