"""The add-ons of the apps: made, attached to their config var, started again, destroyed."""

from __future__ import annotations

import threading

from atelier.heroku.addons import PLANS, AddOnService, UnknownPlan, full_plan, make_service
from atelier.heroku.config_vars import release_config
from atelier.heroku.live_app import LiveApp
from atelier.heroku.names import COLOURS, addon_name
from atelier.heroku.places import Places
from atelier.heroku.records import AddOn
from atelier.heroku.refusals import Refusal, invalid, not_found
from atelier.heroku.releases import Releases
from atelier.heroku.store import Gone, Store
from atelier.verdicts import OurSide

_MOST = 10  # add-ons of an app: each is a server on this machine


class AddOnDesk:
    """Knows the services that run for the add-ons in the store."""

    def __init__(self, store: Store, places: Places, releases: Releases) -> None:
        self._store = store
        self._places = places
        self._releases = releases
        self._services: dict[str, AddOnService] = {}
        self._lock = threading.Lock()

    def start_all(self) -> list[str]:
        """Start the services of all add-ons; return a sentence for each that did not start."""
        told = []
        for addon in self._store.addons():
            if addon.state != "provisioned":  # a kill cut its making: nobody was told of it
                self._service(addon).destroy()
                self._store.delete_addon(addon)
                continue
            try:
                self._store.provisioned(addon, self._service(addon).start())
            except OurSide as error:
                told.append(f"{addon.name}: {error.message}")
        return told

    def stop_all(self) -> None:
        """Stop all services; their data stay."""
        with self._lock:
            services = list(self._services.values())
        for service in services:
            service.stop()

    def create(self, live: LiveApp, plan: str) -> AddOn:
        """Make an add-on, set its config var, make a release. Raises Refusal."""
        try:
            plan = full_plan(plan)
        except UnknownPlan as error:
            raise not_found(str(error)) from error
        addon = self._reserve(live, plan)
        try:
            url = self._service(addon).start()
            with live.lock:
                live.check()
                with self._store.transaction():
                    self._store.provisioned(addon, url)
                    release = release_config(
                        *(self._store, self._releases, live),
                        {**self._store.config(live.id), addon.config_var: url},
                        f"Attach {addon.config_var.removesuffix('_URL')} (@ref:{addon.name})",
                    )
        except BaseException as error:
            self._discard(addon)
            self._store.delete_addon(addon)
            if isinstance(error, OurSide):
                raise Refusal(503, "service_unavailable", _told(error)) from error
            if isinstance(error, Gone):
                raise not_found("Couldn't find that app.") from error
            raise
        self._releases.make_live_soon(live, release)
        return next(made for made in self._store.addons(live.id) if made.id == addon.id)

    def destroy(self, live: LiveApp, addon: AddOn) -> None:
        """Unset its config var, make a release, end the service and remove its data."""
        with live.lock:
            config = self._store.config(live.id)
            had = config.pop(addon.config_var, None)
            release = None
            with self._store.transaction():
                self._store.delete_addon(addon)
                if had is not None:
                    release = release_config(
                        *(self._store, self._releases, live, config),
                        f"Detach {addon.config_var.removesuffix('_URL')} (@ref:{addon.name})",
                    )
        self._discard(addon)
        if release is not None:
            self._releases.make_live_soon(live, release)

    def destroy_all(self, live: LiveApp) -> None:
        """End the services of an app that is being destroyed, and remove their data."""
        for addon in self._store.addons(live.id):
            self._discard(addon)

    def remove_orphans(self) -> None:
        """Remove the data of add-ons that were forgotten just before a kill."""
        # The names are remembered before a service is made and forgotten before it is ended.
        for name in self._pending():
            plan, _space, addon = name.partition(" ")
            if all(known.name != addon for known in self._store.addons()):
                make_service(plan, self._places.addons, addon).destroy()
                self._forget(name)

    def _reserve(self, live: LiveApp, plan: str) -> AddOn:
        service = plan.partition(":")[0]
        with live.lock:
            live.check()
            there = self._store.addons(live.id)
            if len(there) >= _MOST:
                raise invalid(f"An app may have {_MOST} add-ons.")
            variable = PLANS[plan]
            taken = {addon.config_var for addon in there}
            # A value that was set by hand gives way to the first add-on of its kind, as on Heroku.
            if variable in taken:
                taken |= set(self._store.config(live.id))
                prefix = service.replace("-", "_").upper()
                others = (f"{prefix}_{colour}_URL" for colour in COLOURS)
                variable = next(name for name in others if name not in taken)
            name = addon_name(service)
            self._store.remember(_marker(plan, name), "")
            return self._store.add_addon(live.id, name, plan, variable)

    def _service(self, addon: AddOn) -> AddOnService:
        with self._lock:
            if addon.id not in self._services:
                self._services[addon.id] = make_service(addon.plan, self._places.addons, addon.name)
            return self._services[addon.id]

    def _discard(self, addon: AddOn) -> None:
        service = self._service(addon)
        with self._lock:
            del self._services[addon.id]
        service.destroy()
        self._forget(f"{addon.plan} {addon.name}")

    def _pending(self) -> list[str]:
        return [name.removeprefix("addon ") for name in self._store.settings("addon ")]

    def _forget(self, name: str) -> None:
        self._store.forget(f"addon {name}")


def _marker(plan: str, name: str) -> str:
    return f"addon {plan} {name}"


def _told(error: OurSide) -> str:
    return " ".join(str(part) for part in (error.message, error.seen) if part)
