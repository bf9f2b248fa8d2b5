using InferMesh.Cli;

// A replay reads thousands of small events per second and never blocks between two reads: finishing a read on the thread that
// saw the socket ready saves a thread-pool hop each. Read once, when the first socket is made.
if (args is ["replay", ..] && Environment.GetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS") is null)
    Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");

return await InferMeshCommand.RunAsync(args, Console.Out, Console.Error);
