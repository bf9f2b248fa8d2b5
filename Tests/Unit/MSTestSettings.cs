// Two classes at a time: many tests wait for a timer or a process. What looks at the whole process (memory, also the bytes that a thread allocated, which a collection for another thread
// changes; environment, unscoped meters) or at deadlines of milliseconds says DoNotParallelize.
[assembly: Parallelize(Workers = 2, Scope = ExecutionScope.ClassLevel)]
