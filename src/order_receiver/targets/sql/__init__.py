"""The adapter `sql`: orders as rows of a staging table in the ERP's database, order numbers in columns of it."""
