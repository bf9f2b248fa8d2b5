// Each test owns real processes on two cores: one at a time.
[assembly: DoNotParallelize]
