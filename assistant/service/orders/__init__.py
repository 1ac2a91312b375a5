"""Where orders come from: the demo's file, a SQL table, the merchant's own endpoint. A shopper sees only their own."""

from assistant.service.orders.given import DatedOrders, GivenOrders
from assistant.service.orders.home import Home, Order, OwnOrders
from assistant.service.orders.remote import RemoteOrders
from assistant.service.orders.table import TableOrders

__all__ = ["DatedOrders", "GivenOrders", "Home", "Order", "OwnOrders", "RemoteOrders", "TableOrders"]
