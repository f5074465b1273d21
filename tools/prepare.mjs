process.stderr.write("prepare: nothing to build yet\n");
