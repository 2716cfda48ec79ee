# ruff: noqa: INP001, AIR002, AIR311 - as Kaapana has it
"""Kaapana: get studies, measure liver stiffness, store the results. Research use only."""

from airflow.models import DAG
from kaapana.blueprints.kaapana_global_variables import DEFAULT_REGISTRY, KAAPANA_BUILD_VERSION
from task_api_operator.KaapanaTaskOperator import IOMapping, KaapanaTaskOperator

with DAG("liver-mre", default_args={"ui_visible": True, "owner": "kaapana"}) as dag:
    get = KaapanaTaskOperator(
        task_id="get-input",
        image=f"{DEFAULT_REGISTRY}/get-input:{KAAPANA_BUILD_VERSION}",
        taskTemplate="get-input",
    )
    measure = KaapanaTaskOperator(
        task_id="liver-mre",
        image=f"{DEFAULT_REGISTRY}/liver-mre:0.2.0",
        taskTemplate="measure",
        iochannel_maps=[IOMapping(upstream_operator=get, upstream_output_channel="downloads", input_channel="dicom")],
    )
    send = KaapanaTaskOperator(
        task_id="send-results",
        image=f"{DEFAULT_REGISTRY}/dcmsend:{KAAPANA_BUILD_VERSION}",
        taskTemplate="dcmsend",
        iochannel_maps=[
            IOMapping(upstream_operator=measure, upstream_output_channel="results", input_channel="inputs")
        ],
    )
    get >> measure >> send
