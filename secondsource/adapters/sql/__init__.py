"""Everything that is kept, in one SQL database: SQLite on one machine, PostgreSQL on several.

Tables are declared with SQLModel, statements are SQLAlchemy Core. The functions take a connection and never commit: the caller
owns the transaction.
"""
