"""The report page, its flow charts, and the style of figures."""
