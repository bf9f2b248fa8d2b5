Console.WriteLine("see make bench");
