git rm -r --quiet --cached migrations
