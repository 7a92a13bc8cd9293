import os

import redis

client = redis.Redis.from_url(os.environ["REDIS_URL"])
print("Redis answers:", client.ping())
