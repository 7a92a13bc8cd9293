def test_missing_product(shop_with):
    assert shop_with("Socks").test_client().get("/api/v1/products/42").status_code == 404


def test_each_app_has_its_products(shop_with):
    apps = [shop_with(name) for name in ("Socks", "Lamp")]
    names = [app.test_client().get("/api/v1/products/1").json["name"] for app in apps]
    assert names == ["Socks", "Lamp"]
