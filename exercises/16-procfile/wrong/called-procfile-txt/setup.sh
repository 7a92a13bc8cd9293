git mv Procfile Procfile.txt
