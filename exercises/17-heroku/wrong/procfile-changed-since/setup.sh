echo "clock: celery -A tasks.celery beat" >>Procfile
