"""The adapter `amqp`: orders as messages through RabbitMQ, order numbers as messages in a queue."""
