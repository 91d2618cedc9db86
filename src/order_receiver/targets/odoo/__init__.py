"""The adapter `odoo`: orders as sales orders in Odoo 14 to 18, over JSON-RPC."""
