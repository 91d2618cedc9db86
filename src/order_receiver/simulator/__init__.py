"""A simulated Norce and a demo ERP, so that the receiver can be tried and tested without either.

Entry points: `make_order` and `encode_order`, `simulate_norce` and `running_norce`, `send_one` and `send_many`,
`build_report`, `DemoErp`.
"""
