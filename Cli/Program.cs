using InferMesh.Cli;

return await InferMeshCommand.RunAsync(args, Console.Out, Console.Error);
