"""Google's Python client, unmodified, against the API: prints one JSON object with what it saw."""

import datetime
import decimal
import io
import json
import os
import sys

from google.api_core import exceptions
from google.cloud import bigquery

seen = {}


def text(value):
    if isinstance(value, bytes):
        return "bytes:" + value.decode()
    if isinstance(value, (datetime.date, datetime.datetime, datetime.time, decimal.Decimal)):
        return type(value).__name__ + ":" + str(value)
    return value


def rows_of(rows):
    return [{name: text(value) for name, value in row.items()} for row in rows]


url, key = sys.argv[1:3]
client = bigquery.Client.from_service_account_json(key, client_options={"api_endpoint": url})

job = client.query(
    """SELECT 42 AS i, 1.5 AS f, 'x' AS s, TRUE AS b, NUMERIC '1.50' AS n, DATE '2026-03-01' AS d,
    TIME '10:11:12.5' AS t, DATETIME '2026-03-01 10:00:00.25' AS dt, TIMESTAMP '2026-03-01 10:00:00.123456+00' AS ts,
    b'ab' AS bytes, [1, 2] AS a, STRUCT(1 AS x, ['p'] AS y) AS st, CAST(NULL AS INT64) AS nothing"""
)
seen["types"] = rows_of(job.result())
seen["job"] = {
    "state": job.state,
    "location": job.location,
    "bytes": job.total_bytes_processed,
    "statement": job.statement_type,
    "created": job.created is not None and job.ended is not None,
    "destination": job.destination.dataset_id,
}
seen["destination"] = rows_of(client.list_rows(client.get_table(job.destination), selected_fields=None))
seen["query_and_wait"] = rows_of(client.query_and_wait("SELECT n FROM UNNEST([0, 1, 2]) AS n ORDER BY n"))

config = bigquery.QueryJobConfig(
    query_parameters=[
        bigquery.ScalarQueryParameter("n", "INT64", 7),
        bigquery.ScalarQueryParameter("moment", "TIMESTAMP", datetime.datetime(2026, 3, 1, tzinfo=datetime.timezone.utc)),
        bigquery.ArrayQueryParameter("list", "STRING", ["a", "b"]),
    ],
    labels={"team": "a"},
    maximum_bytes_billed=10**9,
)
job = client.query("SELECT @n AS n, @moment AS moment, @list AS list", job_config=config)
seen["parameters"] = rows_of(job.result())
seen["labels"] = client.get_job(job.job_id).labels

dry = client.query("SELECT 1 AS one", job_config=bigquery.QueryJobConfig(dry_run=True, use_query_cache=False))
seen["dry"] = [dry.total_bytes_processed, [field.name for field in dry.schema]]

pages = client.query("SELECT n FROM UNNEST(GENERATE_ARRAY(1, 2500)) AS n").result(page_size=1000)
seen["pages"] = [page.num_items for page in pages.pages]

for name, wrong in {
    "syntax": lambda: client.query("SELECT nothing_here").result(),
    "table": lambda: client.get_table("millpond.nope.t"),
    "job": lambda: [client.query("SELECT 1", job_id="twice", retry=None, job_retry=None) for _ in range(2)],
    "legacy": lambda: client.query("SELECT 1", job_config=bigquery.QueryJobConfig(use_legacy_sql=True)),
}.items():
    try:
        wrong()
        seen["wrong " + name] = "no error"
    except exceptions.GoogleAPICallError as error:
        seen["wrong " + name] = [error.code, error.errors[0]["reason"] if error.errors else None]

dataset = bigquery.Dataset("millpond.py_sales")
dataset.description = "Sold"
dataset = client.create_dataset(dataset, exists_ok=True)
client.create_dataset(dataset, exists_ok=True)
dataset.labels = {"team": "b"}
dataset.description = None
dataset = client.update_dataset(dataset, ["labels", "description"])
seen["dataset"] = [dataset.description, dataset.labels, [one.dataset_id for one in client.list_datasets()]]

table = bigquery.Table(
    "millpond.py_sales.orders",
    schema=[
        bigquery.SchemaField("id", "INT64", mode="REQUIRED"),
        bigquery.SchemaField("at", "TIMESTAMP", description="When"),
        bigquery.SchemaField("price", "NUMERIC"),
        bigquery.SchemaField("tags", "STRING", mode="REPEATED"),
    ],
)
table.time_partitioning = bigquery.TimePartitioning(field="at")
table = client.create_table(table)
table.schema = [*table.schema, bigquery.SchemaField("note", "STRING")]
table = client.update_table(table, ["schema"])
seen["table"] = [
    [[field.name, field.field_type, field.mode, field.description] for field in table.schema],
    table.time_partitioning.field,
    table.num_rows,
    [one.table_id for one in client.list_tables("py_sales")],
]
seen["insert"] = client.insert_rows_json(table, [{"id": 1, "price": "1.5"}, {"id": "no"}], skip_invalid_rows=True)
seen["inserted"] = client.insert_rows(
    table, [{"id": 2, "at": datetime.datetime(2026, 3, 1, tzinfo=datetime.timezone.utc), "price": decimal.Decimal("2.25"), "tags": ["a"]}]
)
load = client.load_table_from_json([{"id": 3}], table)
seen["load"] = [load.result().output_rows, load.state]
load = client.load_table_from_file(
    io.BytesIO(b"id,note\n" + b"4,x\n" * 300_000),
    "millpond.py_sales.from_csv",
    job_config=bigquery.LoadJobConfig(source_format="CSV", skip_leading_rows=1, autodetect=True),
    size=None,
    rewind=True,
)
seen["file"] = [load.result().output_rows, load.input_file_bytes]
seen["loaded"] = rows_of(client.query_and_wait("SELECT id, note, COUNT(*) AS n FROM py_sales.from_csv GROUP BY id, note"))
seen["orders"] = rows_of(client.query_and_wait("SELECT id FROM py_sales.orders WHERE id = 3"))
seen["jobs"] = len(list(client.list_jobs(max_results=5)))
client.delete_table(table)
client.delete_table(table, not_found_ok=True)
client.delete_dataset(dataset, delete_contents=True)

try:
    frame = client.query_and_wait("SELECT n, 'x' AS s, DATE '2026-03-01' AS d FROM UNNEST([0, 1, 2]) AS n ORDER BY n").to_dataframe(
        create_bqstorage_client=False
    )
    seen["pandas"] = [list(frame.columns), [str(kind) for kind in frame.dtypes], frame["n"].tolist()]
except (ImportError, ValueError) as error:
    seen["pandas"] = "missing: " + str(error)

try:
    import IPython.core.interactiveshell as shell
    import bigquery_magics

    os.environ["GOOGLE_APPLICATION_CREDENTIALS"] = key
    session = shell.InteractiveShell.instance()
    session.extension_manager.load_extension("bigquery_magics")
    bigquery_magics.context.credentials = client._credentials
    bigquery_magics.context.project = "millpond"
    bigquery_magics.context.bigquery_client_options = {"api_endpoint": url}
    session.run_cell_magic("bigquery", "frame --use_rest_api --params {\"n\": 5}", "SELECT @n AS n")
    seen["magics"] = session.user_ns["frame"]["n"].tolist()
except ImportError as error:
    seen["magics"] = "missing: " + str(error)

print("SEEN " + json.dumps(seen))
