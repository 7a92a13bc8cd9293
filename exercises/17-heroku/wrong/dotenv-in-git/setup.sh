git add --force .env
git -c user.name=learner -c user.email=learner@example.org commit --quiet --message "Prepare"
