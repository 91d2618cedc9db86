"""The adapter `tryton`: orders as sales of a web shop in Tryton 8.0, over JSON-RPC."""
