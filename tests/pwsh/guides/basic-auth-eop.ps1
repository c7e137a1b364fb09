# "Basic auth - Connect to Exchange Online Protection PowerShell": the three steps as typed there.
. "$PSScriptRoot/guide.ps1"
Open-Window
$null = Enter-Line 'Import-Module ExchangeOnlineManagement'

$cases = @(
    @{ User = 'navin@contoso.com'
        Typed = '$Session = New-PSSession -ConfigurationName Microsoft.Exchange -ConnectionUri https://ps.protection.outlook.com/powershell-liveid/ -Credential $UserCredential -Authentication Basic -AllowRedirection' }
    @{ User = 'lukas@fabrikam.de'
        Typed = '$Session = New-PSSession -ConfigurationName Microsoft.Exchange -ConnectionUri https://ps.protection.outlook.de/powershell-liveid/ -Credential $UserCredential -Authentication Basic -AllowRedirection' }
    @{ User = 'navin@contoso.com'
        Typed = '$Session = New-PSSession -ConfigurationName Microsoft.Exchange -ConnectionUri https://outlook.office365.com/powershell-liveid/ -Credential $UserCredential -Authentication Basic -AllowRedirection' }
)
# "The account must be represented as a mail user": the tenant refuses the first command, with its shell.
Check 'an account that is no mail user gets the error of the guide' {
    $AtWindow.TestUI.Credentials.Enqueue((Get-LabCredential 'navin@contoso.com'))
    $null = Enter-Line '$UserCredential = Get-Credential'
    $null = Enter-Line $cases[0].Typed
    $record = Enter-Wrong 'Import-PSSession $Session -DisableNameChecking'
    Assert-Like "$record" 'Running the Get-Command command in a remote session reported the following error: Processing data for a remote command failed with the following error message: *the shell was not found on the server*'
    $null = Enter-Line 'Remove-PSSession $Session'
}

foreach ($case in $cases) {
    Check $case.Typed {
        $AtWindow.TestUI.Credentials.Enqueue((Get-LabCredential $case.User))
        $null = Enter-Line '$UserCredential = Get-Credential'
        Assert-Equal @(Enter-Line $case.Typed).Count 0 'output'
        # "... are imported into your local session and tracked by a progress bar."
        $module = @(Enter-Line "`$ProgressPreference = 'Continue'; Import-PSSession `$Session -DisableNameChecking")
        Assert-Equal $module.Count 1 'modules'
        $progress = @($Window.Streams.Progress | Where-Object Activity -EQ 'Creating implicit remoting module ...')
        Assert-True (1 -lt $progress.Count) 'a progress bar'
        Assert-Equal "$($progress[-1].RecordType)" 'Completed'
        # "A quick test is to run a cmdlet, for example, Get-TransportRule, and see the results."
        Assert-True (0 -lt @(Enter-Line 'Get-TransportRule').Count) 'rules'
        $listed = @(Enter-Line 'Get-PSSession')
        Assert-Equal $listed.Count 1 'sessions'
        Assert-Equal $listed[0].ComputerName ([uri]($case.Typed -split ' ' -match '^https:')[0]).Host
        $null = Enter-Line 'Remove-PSSession $Session'
        Assert-Equal @(Enter-Line 'Get-PSSession').Count 0 'sessions afterwards'
        Wait-ModuleGone $Window 'tmp*'
    }
}

# "A common problem is an incorrect password."
Check 'an incorrect password is told' {
    $AtWindow.TestUI.Credentials.Enqueue((Get-LabCredential 'navin@contoso.com' 'wrong'))
    $null = Enter-Line '$UserCredential = Get-Credential'
    $record = Enter-Wrong $cases[0].Typed
    Assert-Like $record.FullyQualifiedErrorId 'AccessDenied,PSSessionOpenFailed*'
    Assert-Like "$record" '*did not accept the user name and the password*'
}

# "You're limited to three open remote PowerShell connections."
Check 'one connection too many is told, and Get-PSSession | Remove-PSSession makes room' {
    $AtWindow.TestUI.Credentials.Enqueue((Get-LabCredential 'navin@contoso.com'))
    $null = Enter-Line '$UserCredential = Get-Credential'
    foreach ($number in 1..3) { $null = Enter-Line $cases[0].Typed }
    Assert-Like "$(Enter-Wrong $cases[0].Typed)" '*allowed a maximum number of 3 concurrent shells*'
    $null = Enter-Line 'Get-PSSession | Remove-PSSession'
    $null = Enter-Line $cases[0].Typed
    $null = Enter-Line 'Remove-PSSession $Session'
}

$Window.Runspace.Dispose()
Complete
