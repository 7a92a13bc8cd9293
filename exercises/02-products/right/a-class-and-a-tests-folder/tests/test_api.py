import unittest

import wsgi


class TestApi(unittest.TestCase):
    def setUp(self):
        self.client = wsgi.app.test_client()

    def test_list(self):
        self.assertEqual(len(self.client.get("/api/v1/products").json), 2)

    def test_missing(self):
        self.assertEqual(self.client.get("/api/v1/products/5").status_code, 404)
