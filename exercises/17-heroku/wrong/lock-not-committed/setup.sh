git rm --quiet --cached Pipfile.lock
git -c user.name=learner -c user.email=learner@example.org commit --quiet --message "Prepare"
