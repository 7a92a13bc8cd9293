mkdir instance
printf rows >instance/shop.db
git add --force instance/shop.db
