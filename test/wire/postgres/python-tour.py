# A tour of psycopg 3, SQLAlchemy and pandas. Run by postgres-clients.test.ts with the port's URL; says `done` at the end.
import datetime
import decimal
import sys
import uuid

import pandas
import psycopg
import sqlalchemy

url = sys.argv[1]
with psycopg.connect(url) as connection:
    for binary in (False, True):
        cursor = connection.cursor(binary=binary)
        row = cursor.execute("SELECT id, name, price, seen, day, tags, props, flag, x, raw, local, clock FROM web.tracks WHERE id = 1").fetchone()
        assert row == (
            1, "one", decimal.Decimal("1.5"), datetime.datetime(2026, 3, 1, 10, 0, 0, 250000, tzinfo=datetime.timezone.utc),
            datetime.date(2026, 3, 1), ["a", "b c", None], {"k": 1}, True, 0.1, b"\x00\xff",
            datetime.datetime(2026, 3, 1, 10), datetime.time(10, 0, 1, 500000),
        ), row
        sent = (1, 70000, 2**40, "x", 1.5, True, decimal.Decimal("12.345"), datetime.date(2026, 3, 1), uuid.UUID(int=5), b"\x00\xff", [1, 2])
        got = cursor.execute("SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s", sent).fetchone()
        assert got == sent, got
        got = cursor.execute("SELECT %b::timestamptz, %b::numeric", (datetime.datetime(2026, 3, 1, tzinfo=datetime.timezone.utc), decimal.Decimal("-1234567.00089"))).fetchone()
        assert got == (datetime.datetime(2026, 3, 1, tzinfo=datetime.timezone.utc), decimal.Decimal("-1234567.00089")), got
    with connection.cursor(name="server side") as cursor:
        cursor.itersize = 1000
        assert sum(1 for _ in cursor.execute("SELECT id FROM web.pages ORDER BY id")) == 10000
    with connection.transaction(), connection.transaction():
        connection.execute("SELECT 1")
    with connection.pipeline():
        first, second = connection.execute("SELECT 1"), connection.execute("SELECT %s::text", ("z",))
        assert (first.fetchone(), second.fetchone()) == ((1,), ("z",))
    with connection.cursor().copy("COPY desk.notes (id, text) FROM STDIN") as copy:
        for number in range(1200):
            copy.write_row((number, "r\t%d\n\\x'" % number if number % 2 else None))
    assert connection.execute("SELECT count(*), count(text), max(text) FROM desk.notes").fetchone() == (1200, 600, "r\t999\n\\x'")
    connection.rollback()
    assert connection.execute("SELECT count(*) FROM desk.notes").fetchone() == (0,)

engine = sqlalchemy.create_engine(url.replace("postgres://", "postgresql+psycopg://"))
inspector = sqlalchemy.inspect(engine)
assert sorted(inspector.get_table_names(schema="web")) == ["pages", "tracks"]
assert inspector.get_view_names(schema="web") == ["latest"]
assert [str(column["type"]) for column in inspector.get_columns("tracks", schema="web")][:4] == ["BIGINT", "TEXT", "NUMERIC(38, 9)", "TIMESTAMP"]
assert inspector.get_table_comment("tracks", schema="web") == {"text": "Every track"}
assert inspector.get_pk_constraint("tracks", schema="web")["constrained_columns"] == []
assert inspector.get_foreign_keys("tracks", schema="web") == [] and inspector.get_indexes("tracks", schema="web") == []
metadata = sqlalchemy.MetaData()
metadata.reflect(bind=engine, schema="web", views=True)
tracks = metadata.tables["web.tracks"]
with engine.connect() as connection:
    assert connection.execute(sqlalchemy.select(tracks.c.id).where(tracks.c.id > 1).order_by(tracks.c.id)).fetchall() == [(2,), (3,)]
assert pandas.read_sql("SELECT id FROM web.pages ORDER BY id LIMIT 3", engine)["id"].tolist() == [0, 1, 2]
assert pandas.read_sql_table("pages", engine, schema="web").shape == (10000, 2)
print("done")
