"""`python -m order_receiver` is `order-receiver`."""

from order_receiver.cli import main

main()
