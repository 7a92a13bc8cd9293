"""Step 07: the list waits three seconds, in the request itself."""

from concurrent.futures import ThreadPoolExecutor

from atelier.checks import PRODUCTS, _, criterion, expect


def names_in(response):
    """The names of the products in a JSON list; none when the answer is no list."""
    products = response.json()
    if not isinstance(products, list):
        return set()
    return {product.get("name") for product in products if isinstance(product, dict)}


@criterion(_("The list still answers with the products"), file="wsgi.py")
def test_list_gives_the_products(web):
    response = web.get(PRODUCTS)
    wanted = {product["name"] for product in web.products}
    expect(
        response.status == 200 and wanted <= names_in(response),
        _("Expected: 200, and a JSON list of the products."),
        seen=f"{response.status} {web.last_traceback() or response.text[:300]}",
        look=_("Does the route still return the list after the slow call?"),
    )


@criterion(_("Each request for the list waits three seconds"), file="wsgi.py", until="do-not-block")
def test_each_list_is_slow(web):
    with ThreadPoolExecutor(2) as pool:
        seconds = [response.seconds for response in pool.map(web.get, [PRODUCTS, PRODUCTS])]
    expect(
        min(seconds) >= 3.0,
        _("Expected: at least 3 seconds for each request."),
        seen=_("{fastest:.2f} s and {slowest:.2f} s", fastest=min(seconds), slowest=max(seconds)),
        look=_("Does the route of the list call very_slow_add, and does it sleep 3 seconds?"),
    )
    expect(
        max(seconds) < 5.0,
        _("Expected: no more than one wait of 3 seconds in a request."),
        seen=_("{fastest:.2f} s and {slowest:.2f} s", fastest=min(seconds), slowest=max(seconds)),
        look=_("How often does the route call very_slow_add?"),
    )


@criterion(_("The other routes stay fast"), file="wsgi.py")
def test_other_routes_are_fast(web):
    for path in ("/", "{}/{}".format(PRODUCTS, web.products[0]["id"])):
        responses = [web.get(path) for _number in range(2)]
        # A slow route is slow each time; a busy machine is not.
        seconds = min(response.seconds for response in responses)
        expect(
            responses[-1].status == 200 and seconds < 1.5,
            _("Expected: GET {path} answers 200 at once.", path=path),
            seen=_("{status} after {seconds:.2f} s", status=responses[-1].status, seconds=seconds),
            look=_("Is the slow call in the route of the list, and nowhere else?"),
        )
