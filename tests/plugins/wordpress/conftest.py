from tests.plugins.wordpress import support

site = support.site
