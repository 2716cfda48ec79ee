# One image for every orchestrator. CPU inference; `--build-arg DEVICE=cuda` adds PyTorch, CUDA's libraries and the
# network for them. The base is Python 3.11.16 on Debian 12, by the digest of its index; docs/release.md says how it is renewed.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b
ARG DEVICE=cpu

# Packages come from the index that pip's settings name. A build argument names another, a secret brings a site's
# pip.conf or its certificate authorities (docs/deploy.md, "Building it in a hospital").

# The models, exported for the run time.
FROM ${PYTHON_IMAGE} AS model
ARG DEVICE
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
WORKDIR /build
COPY container/pip-install container/export.lock container/torch.lock container/torch-cpu.lock container/torch-cuda.lock ./
# Without CUDA, PyTorch comes from an index of its own: `--build-arg PIP_EXTRA_INDEX_URL=...` or pip's settings name it.
# Where it is out of reach, the plain wheel and 2 GB of CUDA's libraries do the same.
RUN --mount=type=secret,id=pip,target=/etc/pip.conf --mount=type=secret,id=certificates \
    ./pip-install -r export.lock -r torch.lock && { ./pip-install -r torch-cpu.lock || ./pip-install -r torch-cuda.lock; }
COPY models models
COPY training training
COPY liver_mre/__init__.py liver_mre/about.py liver_mre/
COPY liver_mre/liver liver_mre/liver
COPY liver_mre/quality liver_mre/quality
COPY liver_mre/stiffness liver_mre/stiffness
# The weights are in the exported networks: the image needs them no second time. Quality control always runs on the
# processor.
RUN python -m models.export && mkdir /models && \
    for card in models/*/card.json; do mv "$(dirname "${card}")" /models/ || exit 1; done && \
    rm -f /models/*/weights.safetensors /models/quality_control/exported/model.pt2 && \
    case ${DEVICE} in cpu) rm -f /models/*/exported/model.pt2 ;; cuda) ;; *) exit 2 ;; esac

# The simulated example, which the self-test measures.
FROM ${PYTHON_IMAGE} AS example
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
WORKDIR /build
COPY container/pip-install container/example.lock ./
RUN --mount=type=secret,id=pip,target=/etc/pip.conf --mount=type=secret,id=certificates \
    ./pip-install -r example.lock
COPY simulation simulation
RUN python -m simulation example --out /example

# The packages, without what the application never loads.
FROM ${PYTHON_IMAGE} AS packages
ARG DEVICE
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
WORKDIR /build
COPY container/pip-install container/requirements.lock container/torch.lock container/torch-cuda.lock ./
# Holoscan's wheel completes its installation (links to its libraries) when Python starts next.
RUN --mount=type=secret,id=pip,target=/etc/pip.conf --mount=type=secret,id=certificates \
    ./pip-install --no-compile -r requirements.lock && \
    if [ ${DEVICE} = cuda ]; then ./pip-install --no-compile -r torch.lock -r torch-cuda.lock; fi && python -c pass
COPY container/slim.py ./
# Byte code is checked against nothing, so it stays valid whatever date the files get: builds can be compared.
RUN python slim.py /usr/local/lib/python3.11/site-packages /packages && \
    python -m compileall -q --invalidation-mode unchecked-hash -x '/py312_' \
      -s /packages -p /usr/local/lib/python3.11/site-packages /packages

# What runs.
FROM ${PYTHON_IMAGE} AS application
RUN rm -rf /usr/local/lib/python3.11/site-packages/* /usr/local/bin/pip* /usr/local/bin/wheel \
      /var/cache/apt/*.bin && \
    find / -xdev -type f -perm /6000 -exec chmod a-s {} + && \
    mkdir -p /var/holoscan/input /var/holoscan/output /var/holoscan/logs /opt/holoscan/docs && \
    python -m compileall -q --invalidation-mode unchecked-hash \
      -x '/(site-packages|test|idlelib|lib2to3|ensurepip|tkinter|turtledemo|distutils)/' \
      "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"
COPY --from=packages /packages /usr/local/lib/python3.11/site-packages
COPY --from=model /models /opt/holoscan/models
COPY --from=example /example/study /opt/holoscan/self-test/study
COPY LICENSE README.md docs /opt/holoscan/docs/
COPY app.yaml /var/holoscan/app.yaml
COPY container/tools /var/holoscan/tools
COPY container/flywheel-run /flywheel/v0/run
WORKDIR /opt/holoscan/app
COPY app.yaml ./
COPY liver_mre liver_mre
COPY operators operators
COPY app app
RUN python -m compileall -q --invalidation-mode unchecked-hash /opt/holoscan/app
# Generated from app.yaml by `make manifests`:
ENV HOLOSCAN_INPUT_PATH=/var/holoscan/input \
    HOLOSCAN_OUTPUT_PATH=/var/holoscan/output \
    HOLOSCAN_WORKDIR=/var/holoscan \
    HOLOSCAN_APPLICATION=/opt/holoscan/app \
    HOLOSCAN_MODEL_PATH=/opt/holoscan/models \
    HOLOSCAN_DOCS_PATH=/opt/holoscan/docs \
    HOLOSCAN_CONFIG_PATH=/var/holoscan/app.yaml \
    HOLOSCAN_APP_MANIFEST_PATH=/etc/holoscan/app.json \
    HOLOSCAN_PKG_MANIFEST_PATH=/etc/holoscan/pkg.json \
    HOLOSCAN_LOGS_PATH=/var/holoscan/logs \
    HOLOSCAN_TIMEOUT=0 \
    LIVER_MRE_MODEL_DIR=/opt/holoscan/models/liver_segmentation \
    LIVER_MRE_QUALITY_DIR=/opt/holoscan/models/quality_control \
    PYTHONPATH=/opt/holoscan/app \
    PYTHONSAFEPATH=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp
LABEL base="python:3.11-slim-bookworm" \
    tag="liver-mre:0.2.0" \
    org.opencontainers.image.title="Liver MRE - stiffness and fibrosis staging (research use only)" \
    org.opencontainers.image.description="Liver stiffness and fibrosis stage from MR elastography. Research use only." \
    org.opencontainers.image.version="0.2.0" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.nvidia.holoscan="4.6.0" \
    org.monai.deploy.app-sdk="4.0.0" \
    org.nrg.commands="[{\"name\":\"liver-mre\",\"label\":\"Liver MRE - stiffness and fibrosis staging (research use only)\",\"description\":\"Liver stiffness and fibrosis stage from MR elastography. Research use only.\",\"version\":\"0.2.0\",\"schema-version\":\"1.0\",\"type\":\"docker\",\"image\":\"liver-mre:0.2.0\",\"override-entrypoint\":true,\"command-line\":\"/var/holoscan/tools run -i /input -o /output\",\"environment-variables\":{\"LIVER_MRE_PROFILE\":\"#PROFILE#\",\"LIVER_MRE_PREVIEW\":\"#PREVIEW#\",\"LIVER_MRE_SERIES\":\"#SERIES#\"},\"mounts\":[{\"name\":\"in\",\"writable\":false,\"path\":\"/input\"},{\"name\":\"out\",\"writable\":true,\"path\":\"/output\"}],\"inputs\":[{\"name\":\"profile\",\"description\":\"Staging profile: resoundant_2019, wu_2015 or liang_2023\",\"type\":\"string\",\"default-value\":\"resoundant_2019\",\"required\":false,\"replacement-key\":\"#PROFILE#\"},{\"name\":\"preview\",\"description\":\"Also write the overlay as PNG\",\"type\":\"boolean\",\"default-value\":\"false\",\"required\":false,\"replacement-key\":\"#PREVIEW#\"},{\"name\":\"series\",\"description\":\"UID of the stiffness series to measure, if there are several\",\"type\":\"string\",\"default-value\":\"\",\"required\":false,\"replacement-key\":\"#SERIES#\"}],\"outputs\":[{\"name\":\"results\",\"description\":\"SEG, SR, overlay, result.json\",\"required\":true,\"mount\":\"out\"}],\"xnat\":[{\"name\":\"liver-mre-session\",\"label\":\"Measure liver stiffness\",\"description\":\"Liver stiffness and fibrosis stage from MR elastography. Research use only.\",\"contexts\":[\"xnat:mrSessionData\"],\"external-inputs\":[{\"name\":\"session\",\"description\":\"MR session\",\"type\":\"Session\",\"required\":true,\"provides-files-for-command-mount\":\"in\"}],\"output-handlers\":[{\"name\":\"resource\",\"accepts-command-output\":\"results\",\"as-a-child-of\":\"session\",\"type\":\"Resource\",\"label\":\"LIVER_MRE\"}]}]}]"
# End of what is generated.

# What the image is made of, written by a stage of its own so that the tools for it stay out.
FROM application AS manifests
ARG DEVICE
WORKDIR /build
COPY app.yaml ./
COPY liver_mre/__init__.py liver_mre/about.py liver_mre/
COPY container container
# The cards of the models that are in the image, and of no others.
RUN ln -s /opt/holoscan/models models && PYTHONPATH=/build python -m container.manifests write /made --device ${DEVICE} && \
    PYTHONPATH=/build python -m container.bill_of_materials /made/opt/holoscan/docs

FROM application
ARG PYTHON_IMAGE
ARG REVISION=
COPY --from=manifests /made /
LABEL org.opencontainers.image.base.name="${PYTHON_IMAGE}" \
    org.opencontainers.image.revision="${REVISION}"
# No USER: platforms that choose no user (XNAT, Flywheel) let only root write the results. The others choose one.
WORKDIR /var/holoscan
ENTRYPOINT ["/var/holoscan/tools"]
