# One image, CPU inference. Two stages: the first exports the model, the second holds only what runs.
FROM python:3.11-slim-bookworm AS export
WORKDIR /build
COPY requirements.txt requirements-dev.txt constraints.txt ./
RUN pip install --no-cache-dir -c constraints.txt \
    torch==2.13.0 torchvision==0.28.0 timm==1.0.31 segmentation-models-pytorch==0.6.0 safetensors==0.8.0 openvino==2026.4.1
COPY models models
COPY training training
RUN python -m models.export --model-dir models/liver_segmentation

FROM python:3.11-slim-bookworm
WORKDIR /opt/holoscan/app
COPY requirements.txt constraints.txt ./
# Holoscan's wheel completes its installation (links to its libraries) when Python starts next, and must do so here: the
# container runs read-only.
RUN pip install --no-cache-dir -c constraints.txt -r requirements.txt && python -c pass
COPY --from=export /build/models/liver_segmentation /opt/holoscan/models/liver_segmentation
COPY liver_mre liver_mre
COPY operators operators
COPY app app
COPY app.yaml /var/holoscan/app.yaml
COPY app.yaml LICENSE README.md ./
ENV HOLOSCAN_INPUT_PATH=/var/holoscan/input \
    HOLOSCAN_OUTPUT_PATH=/var/holoscan/output \
    HOLOSCAN_CONFIG_PATH=/var/holoscan/app.yaml \
    LIVER_MRE_MODEL_DIR=/opt/holoscan/models/liver_segmentation \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp
ENTRYPOINT ["python", "-m", "app"]
