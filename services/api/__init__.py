"""The API under ``/v1`` and the page that people read: one ASGI application over the store.

``app.make_app`` builds it from ``parts.ApiParts``. Every route says which scope it wants; one that does not can not be built.
"""
