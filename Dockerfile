# One image for web, worker and beat; CI does not build it (see docs/operator.md).
FROM python:3.13-slim-bookworm
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 VAR_DIR=/var/lib/recado BIND=0.0.0.0
WORKDIR /opt/recado
COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY . .
RUN useradd --uid 10001 --create-home recado && install -d -o recado /var/lib/recado
USER recado
VOLUME /var/lib/recado
EXPOSE 8000
CMD ["python", "manage.py", "up"]
