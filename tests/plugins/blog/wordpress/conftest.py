from tests.plugins.blog.wordpress import support

site = support.site
